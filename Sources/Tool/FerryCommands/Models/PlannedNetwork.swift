import FormatInterface
import Runtime
import Tensors

/// A network with its plans, one for each shape of input, kept as long as memory is worth it.
final class PlannedNetwork {
    /// A plan and the memory it runs in.
    private final class Prepared {
        let plan: Plan
        private var session: Session

        init(_ plan: Plan, pool: WorkPool) throws(SessionError) {
            self.plan = plan
            session = try Session(plan, pool: pool)
        }

        var byteCount: Int { plan.arenaByteCount + plan.preparedByteCount }

        func run(_ inputs: [String: Tensor]) throws(SessionError) -> [String: Tensor] {
            try session.run(inputs)
        }
    }

    /// Bytes that plans for pictures of several shapes may keep: one of VGG-16's, several of others.
    private static let budget = 1 << 30
    /// Shapes that are remembered as seen.
    private static let memory = 4096

    let file: ModelFile
    private let engine: Engine
    /// Whether every input has the same shape.
    private let isOfOneShape: Bool
    /// By the shape of the input, the last used last.
    private var kept: [(shape: [Int], prepared: Prepared)] = []
    private var seen: Set<[Int]> = []

    init(_ file: ModelFile, _ engine: Engine, isOfOneShape: Bool) {
        self.file = file
        self.engine = engine
        self.isOfOneShape = isOfOneShape
    }

    /// The network's outputs, in its graph's layout.
    ///
    /// - Parameter input: the only one the network takes.
    func run(_ name: String, _ input: Tensor) throws -> [String: Tensor] {
        let prepared = try prepared(name, input.shape)
        do {
            return try prepared.run([name: input])
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
    }

    /// A plan that is wanted once keeps no rearranged weights and is dropped.
    private func prepared(_ name: String, _ shape: [Int]) throws -> Prepared {
        if let index = kept.firstIndex(where: { $0.shape == shape }) {
            kept.append(kept.remove(at: index))
            return kept[kept.count - 1].prepared
        }
        let isKept = isOfOneShape || seen.contains(shape)
        if seen.count < Self.memory { seen.insert(shape) }
        let plan = try engine.plan(file, inputShapes: [name: shape], once: !isKept)
        do {
            let prepared = try Prepared(plan, pool: engine.pool)
            if isKept { keep(prepared, shape) }
            return prepared
        } catch {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        }
    }

    private func keep(_ prepared: Prepared, _ shape: [Int]) {
        if !isOfOneShape, prepared.byteCount > Self.budget { return }
        kept.append((shape, prepared))
        while !isOfOneShape, kept.reduce(0, { $0 + $1.prepared.byteCount }) > Self.budget {
            kept.removeFirst()
        }
    }
}
