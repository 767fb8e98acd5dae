import IR
import Runtime
import Tensors
import Testing

@Suite struct Sessions {
    private static let builder: GraphBuilder = {
        var builder = GraphBuilder()
        let x = builder.input("x")
        builder.outputs(builder.conv("conv", x, from: 6, to: 4))
        return builder
    }()
    private static let inputs = ["x": picture([2, 6, 7, 5])]

    @Test func `a missing input is refused`() throws {
        let pool = WorkPool(threadCount: 1)
        var session = try Session(Self.builder.plan(Self.inputs, pool: pool), pool: pool)
        let error = SessionError.missingInput("x")
        do {
            _ = try session.run(["y": picture([2])])
            Issue.record("expected \(error)")
        } catch let found {
            #expect(found == error)
        }
    }

    @Test(arguments: [
        (picture([2, 6, 5, 7]), "float32 [2, 6, 5, 7]"), (picture([420]), "float32 [420]"),
        (picture([2, 6, 7, 5]).converted(to: .float64), "float64 [2, 6, 7, 5]"),
        (picture([1, 6, 7, 5]), "float32 [1, 6, 7, 5]"),
    ])
    func `an input of another shape or type is refused, and the session stays usable`(
        _ tensor: Tensor, _ found: String
    ) throws {
        let pool = WorkPool(threadCount: 1)
        var session = try Session(Self.builder.plan(Self.inputs, pool: pool), pool: pool)
        let before = try session.run(Self.inputs)
        do {
            _ = try session.run(["x": tensor])
            Issue.record("expected a refusal")
        } catch let error {
            #expect(
                error
                    == .inputMismatch("x", expected: "float32 [2, 6, 7, 5]", found: found))
        }
        let after = try session.run(Self.inputs)
        #expect(try #require(after["conv"]).isBitEqual(to: #require(before["conv"])))
    }

    @Test func `an earlier result is not changed by a later run`() throws {
        let pool = WorkPool(threadCount: 1)
        var session = try Session(Self.builder.plan(Self.inputs, pool: pool), pool: pool)
        let first = try #require(session.run(Self.inputs)["conv"])
        let copy = first.floats()
        let second = try #require(session.run(["x": picture([2, 6, 7, 5], seed: 4)])["conv"])
        #expect(first.floats() == copy)
        #expect(!second.hasEqualBytes(to: first))
    }

    @Test func `sessions of one plan do not disturb each other`() throws {
        let pool = WorkPool(threadCount: 2)
        let plan = try Self.builder.plan(Self.inputs, pool: pool)
        var one = try Session(plan, pool: pool)
        var other = try Session(plan, pool: pool)
        try one.load(Self.inputs)
        _ = try other.run(["x": picture([2, 6, 7, 5], seed: 4)])
        let expected = try #require(one.run(Self.inputs)["conv"])
        var third = try Session(plan, pool: pool)
        #expect(try #require(third.run(Self.inputs)["conv"]).isBitEqual(to: expected))
    }

    @Test func `steps are observed in order with their times`() throws {
        let pool = WorkPool(threadCount: 1)
        let plan = try Self.builder.plan(Self.inputs, pool: pool)
        var session = try Session(plan, pool: pool)
        try session.load(Self.inputs)
        var steps: [Int] = []
        var seconds = 0.0
        try session.execute { step, time in
            steps.append(step)
            seconds += time
        }
        #expect(steps == Array(plan.summary.indices))
        #expect(seconds > 0)
    }

    @Test func `inputs may start at any byte of a file`() throws {
        let pool = WorkPool(threadCount: 1)
        var session = try Session(Self.builder.plan(Self.inputs, pool: pool), pool: pool)
        let aligned = try #require(Self.inputs["x"])
        let bytes = unsafe aligned.withUnsafeBytes { unsafe [0xFF, 0xFF, 0xFF] + Array($0) }
        let moved = Tensor(
            elementType: .float32, shape: aligned.shape, storage: ByteStorage(bytes),
            byteOffset: 3)
        let expected = try #require(session.run(Self.inputs)["conv"])
        #expect(try #require(session.run(["x": moved])["conv"]).isBitEqual(to: expected))
    }

    @Test func `errors are one line for people`() {
        #expect("\(SessionError.missingInput("x"))" == "input 'x': expected a tensor, found none")
        #expect(
            "\(SessionError.outOfMemory(bytes: 1 << 30))".contains("1024 MiB of free memory"))
        #expect("\(SessionError.graph(.missingInput("y")))".contains("'y'"))
    }
}
