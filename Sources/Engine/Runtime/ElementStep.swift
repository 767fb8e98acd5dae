import KernelInterface
import Tensors

/// What one operator does to each element by itself.
struct ElementStage: Sendable {
    enum Operation: Equatable, Sendable {
        /// x · scale + shift, one rounding.
        case scale
        /// (x + shift) / scale, each rounded.
        case divide
        case clamp
        case function(FunctionTask.Function)
    }

    var operation: Operation
    /// Of `scale` and `divide`: one number, or one for each position along the chain's axis.
    var scale: [Float] = [1]
    var shift: [Float] = [-0.0]
    var bounds = Bounds.none

    /// Whether the stage only adds.
    private var isSum: Bool {
        operation == .scale && scale.allSatisfy { $0 == 1 } && bounds == .none
    }

    /// This stage and the next as one that rounds as both do, where a kernel has it.
    fileprivate func joined(with next: ElementStage) -> ElementStage? {
        var joined = self
        switch next.operation {
        case .clamp where bounds == .none && (operation == .scale || operation == .divide):
            joined.bounds = next.bounds
        case .divide where isSum:
            joined = next
            joined.shift = shift
        default: return nil
        }
        return joined
    }
}

extension [ElementStage] {
    /// Appends a stage, as a part of the last one where a kernel has both.
    mutating func append(joining stage: ElementStage) {
        if let joined = last?.joined(with: stage) {
            self[count - 1] = joined
        } else {
            append(stage)
        }
    }
}

/// How the numbers along one axis of a value lie in memory.
///
/// Rows of `length` elements follow each other; row r has the numbers of block r modulo `blocks`,
/// which repeat every `period` elements.
struct ElementPattern: Sendable {
    var rows = 1
    var blocks = 1
    var length: Int
    var period = 64

    /// - Parameters:
    ///   - sizes: the value's axes as they lie in memory.
    ///   - axis: the one the numbers lie along; nil where there is one number for all.
    init(sizes: [Int], axis: Int?) {
        length = sizes.reduce(1, *)
        guard let axis else { return }
        let inner = sizes[(axis + 1)...].reduce(1, *)
        if inner == 1 {
            // As many times the axis as make whole vectors, or else few broken ones.
            period = sizes[axis]
            while period % 16 != 0 && period < 256 { period += sizes[axis] }
        } else {
            rows = length / inner
            blocks = sizes[axis]
            length = inner
        }
    }

    /// `numbers` as kernels read them: [blocks, period].
    func table(_ numbers: [Float]) -> Tensor {
        Tensor(
            (0..<blocks * period).map { index in
                let position = blocks == 1 ? index : index / period
                return numbers[position % numbers.count]
            })
    }
}

/// Operators that treat each element by itself, one after the other while it is in the cache.
///
/// Each rounds its own result: the bits are those of a step for each.
struct ElementStep: Step {
    let name: String
    let operation: String
    let input: Value
    let output: Value
    private let pattern: ElementPattern
    private let stages: [Stage]

    private struct Stage {
        var operation: ElementStage.Operation
        var scale: Tensor
        var shift: Tensor
        var bounds: Bounds
    }

    init(
        name: String, operation: String, input: Value, output: Value, stages: [ElementStage],
        pattern: ElementPattern
    ) {
        self.name = name
        self.operation = operation
        self.input = input
        self.output = output
        self.pattern = pattern
        self.stages = stages.map {
            Stage(
                operation: $0.operation, scale: pattern.table($0.scale),
                shift: pattern.table($0.shift), bounds: $0.bounds)
        }
    }

    var summary: StepSummary {
        StepSummary(
            name: name, operation: operation, algorithm: "element by element",
            outputShape: output.shape)
    }

    /// Elements that go through all stages together: whole periods, whose input and output take
    /// 32 KiB where the period allows.
    private var pieceLength: Int { max(1, 4096 / pattern.period) * pattern.period }

    func run(_ memory: Memory) {
        let pieces = (pattern.length + pieceLength - 1) / pieceLength
        let grain = (1 << 13) / min(pieceLength, pattern.length)
        forRanges(of: pattern.rows * pieces, atLeast: grain, on: memory.pool) { range in
            for index in range {
                let row = index / pieces
                let first = index % pieces * pieceLength
                run(
                    memory, row * pattern.length + first,
                    count: min(pieceLength, pattern.length - first), block: row % pattern.blocks)
            }
        }
    }

    /// Takes the `count` elements from `start` on through all stages.
    private func run(_ memory: Memory, _ start: Int, count: Int, block: Int) {
        let output = unsafe memory.floats(output) + start
        var input = unsafe UnsafePointer(memory.floats(input) + start)
        for stage in stages {
            switch stage.operation {
            case .scale:
                unsafe run(memory.kernels.scaleChannels, stage, input, output, count, block)
            case .divide:
                unsafe run(memory.kernels.divideChannels, stage, input, output, count, block)
            case .clamp:
                let task = unsafe ElementTask(
                    input: input, other: input, output: output, bounds: stage.bounds)
                memory.kernels.clamp(task, 0..<count)
            case .function(let function):
                let task = unsafe FunctionTask(function: function, input: input, output: output)
                memory.kernels.applyFunction(task, 0..<count)
            }
            unsafe input = UnsafePointer(output)
        }
    }

    /// Calls a kernel of channels with whole periods, then with what they leave over.
    private func run(
        _ kernel: (ChannelTask, Range<Int>) -> Void, _ stage: Stage,
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int,
        _ block: Int
    ) {
        let offset = block * pattern.period
        unsafe stage.scale.withFloats { scale in
            unsafe stage.shift.withFloats { shift in
                var task = unsafe ChannelTask(
                    input: input, output: output, scale: scale + offset, shift: shift + offset,
                    channels: pattern.period, bounds: stage.bounds)
                let whole = count / pattern.period
                kernel(task, 0..<whole)
                let done = whole * pattern.period
                if done == count { return }
                unsafe task.input += done
                unsafe task.output += done
                task.channels = count - done
                kernel(task, 0..<1)
            }
        }
    }
}
