import Runtime
import Tensors

/// Plans that are run in turn, so that what disturbs the machine disturbs all of them.
struct Rounds {
    /// For each plan, milliseconds of each run.
    private(set) var whole: [[Double]]
    /// For each plan and step, milliseconds in each run.
    private(set) var steps: [[[Double]]]

    /// A network with memory to run in.
    private final class Runner {
        private var session: Session
        private let inputs: [String: Tensor]
        private let stepCount: Int

        init(_ plan: Plan, _ inputs: [String: Tensor], _ engine: Engine) throws {
            session = try Session(plan, pool: engine.pool)
            self.inputs = inputs
            stepCount = plan.summary.count
        }

        func milliseconds() throws -> Double {
            // Loaded anew, as a step may reuse the input's memory.
            try session.load(inputs)
            let start = ContinuousClock.now
            try session.execute()
            return (ContinuousClock.now - start) / .milliseconds(1)
        }

        /// In a run of their own, as reading the clock takes longer than small steps do.
        func stepMilliseconds() throws -> [Double] {
            var times = [Double](repeating: 0, count: stepCount)
            try session.load(inputs)
            try session.execute { times[$0] = $1 * 1000 }
            return times
        }
    }

    /// Runs each plan once without a clock, then `count` times with one, and as often step by step.
    ///
    /// - Parameter report: gets how many rounds are done.
    init(
        _ plans: [(plan: Plan, inputs: [String: Tensor])], _ engine: Engine, count: Int,
        report: (Int) -> Void = { _ in }
    ) throws {
        let runners = try plans.map { try Runner($0.plan, $0.inputs, engine) }
        whole = runners.map { _ in [] }
        steps = plans.map { $0.plan.summary.map { _ in [] } }
        for runner in runners { _ = try runner.milliseconds() }
        for round in 0..<count {
            for (index, runner) in runners.enumerated() {
                whole[index].append(try runner.milliseconds())
                for (step, time) in try runner.stepMilliseconds().enumerated() {
                    steps[index][step].append(time)
                }
            }
            report(round + 1)
        }
    }
}
