import IR
import Tensors
import Testing

/// Random attributes and inputs: an operator refuses them, or keeps what its types promise.
struct HostileOperatorTests {
    /// SplitMix64, so that a failing seed repeats.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        mutating func integer() -> Int64 {
            if next() % 12 == 0 {
                let extremes = [Int64.min, .max, 1 << 31, 1 << 40, -(1 << 40), 1 << 62]
                return extremes.randomElement(using: &self) ?? 0
            }
            return Int64.random(in: -3...4, using: &self)
        }

        mutating func integers(_ count: ClosedRange<Int>) -> [Int64] {
            (0..<Int.random(in: count, using: &self)).map { _ in integer() }
        }

        /// A value of the kind `example` has; lists often suit `spatial` axes.
        mutating func attribute(
            _ name: String, like example: AttributeValue, spatial: Int
        ) -> AttributeValue {
            switch example {
            case .int: return .int(next() % 2 == 0 ? Int64(next() % 2) : integer())
            case .float: return .float(Float(integer()))
            case .ints:
                if next() % 3 == 0 { return .ints(integers(0...4)) }
                let count = name == "pads" ? 2 * spatial : spatial
                let smallest: Int64 = name == "pads" ? 0 : 1
                return .ints((0..<count).map { _ in smallest + Int64(next() % 3) })
            default: return example
            }
        }

        /// An input such as windowed and normalising operators want, with two channels.
        mutating func fitting(_ index: Int, of type: String, spatial: Int) -> Tensor {
            if ["Slice", "Reshape", "Expand"].contains(type), index > 0 {
                return Tensor(integers(1...1))
            }
            if type == "Not" || type == "And" || type == "Or" || type == "Where" && index == 0 {
                return Tensor(rounding: [Double(next() % 2), 1], to: .bool, shape: [2])
            }
            if ["Resize", "Upsample"].contains(type), index > 0 {
                let scales = (0..<spatial + 2).map { _ in Float(next() % 4 + 1) / 2 }
                return Tensor(scales)
            }
            let sizes = (0..<spatial).map { _ in Int(next() % 7) + 1 }
            let shape =
                switch (type, index) {
                case ("Gemm", 0), ("Gemm", 1): [2, 2]
                case (_, 0): [1, 2] + sizes
                case ("Conv", 1): [2, Int(next() % 2) + 1] + sizes
                default: [2]
                }
            let values = (0..<shape.reduce(1, *)).map { _ in Double.random(in: -3...3, using: &self)
            }
            return Tensor(rounding: values, to: .float32, shape: shape)
        }

        mutating func input() -> Tensor? {
            switch next() % 8 {
            case 0: return nil
            case 1, 2: return Tensor(integers(0...4))
            default:
                let rank = Int.random(in: 0...4, using: &self)
                let shape = (0..<rank).map { _ in
                    [0, 1, 1, 2, 2, 3, 5].randomElement(using: &self) ?? 1
                }
                let count = shape.reduce(1, *)
                let values = (0..<count).map { _ in Double.random(in: -3...3, using: &self) }
                let types: [ElementType] = [.float32, .float32, .float32, .float16, .int64, .bool]
                return Tensor(
                    rounding: values, to: types.randomElement(using: &self) ?? .float32,
                    shape: shape)
            }
        }
    }

    private func examples(_ type: String) -> [String: AttributeValue] {
        AttributeTests.unusual.filter { $0.0 == type }.reduce(into: AttributeTests.required(type)) {
            $0.merge($1.1) { $1 }
        }
    }

    @Test(arguments: OperatorRegistry.operators.map { $0.type })
    func `an operator refuses what it cannot do and keeps its types' word`(_ type: String) throws {
        let examples = examples(type).sorted { $0.key < $1.key }
        var accepted = 0
        for seed in 0..<3000 as Range<UInt64> {
            var random = Random(state: seed)
            let spatial = Int(random.next() % 2) + 1
            let isFitting = random.next() % 2 == 0
            var attributes: [String: AttributeValue] = [:]
            for (name, example) in examples where random.next() % 3 > 0 {
                attributes[name] = random.attribute(
                    name, like: example, spatial: spatial)
            }
            let opset = [1, 6, 9, 11, 13, 17, 18].randomElement(using: &random) ?? 17
            let count = Int.random(in: 0...6, using: &random)
            let inputs = (0..<min(count, 5)).map { index in
                isFitting
                    ? random.fitting(index, of: type, spatial: spatial) : random.input()
            }
            guard let (op, arguments) = try? decode(type, attributes, opset: opset, inputs),
                let types = try? op.outputTypes(for: arguments.map { $0.map { ValueInfo($0) } }),
                types.allSatisfy({ (Tensor.elementCount(of: $0.shape) ?? .max) < 10_000 })
            else { continue }
            accepted += 1
            let results = try op.evaluate(arguments)
            #expect(results.map(\.shape) == types.map(\.shape), "seed \(seed)")
            #expect(results.map(\.elementType) == types.map(\.elementType), "seed \(seed)")
        }
        #expect(accepted >= 10, "few seeds make inputs that the operator accepts")
    }
}
