import FormatInterface
import Images
import Runtime
import Synchronization
import Tensors

extension PixelStatistics {
    /// The colours of all pixels of pictures as they are stored; those that cannot be read are
    /// reported, and the others go on.
    ///
    /// The sums are exact: neither the order of the pictures nor the threads change them.
    ///
    /// - Returns: the statistics, of how many pictures they are, and the worst status.
    /// - Throws: `InputError` when no picture can be read.
    static func gathered(
        from entries: [PictureTree.Entry], named source: String, on pool: WorkPool,
        _ console: Console
    ) throws -> (statistics: PixelStatistics, pictures: Int, status: ExitStatus) {
        let progress = console.progress("colours of \(source)")
        defer { progress.finish() }
        var total = PixelStatistics()
        var (pictures, worst) = (0, ExitStatus.done)
        for start in stride(from: 0, to: entries.count, by: pool.threadCount) {
            let round = Array(entries[start..<min(start + pool.threadCount, entries.count)])
            for outcome in outcomes(of: round, pool) {
                do {
                    guard total.add(try outcome.get()) else {
                        throw InputError(
                            file: source, expected: "at most \(maximumPixelCount) pixels",
                            found: "more")
                    }
                    pictures += 1
                } catch {
                    worst = max(worst, console.report(error))
                }
            }
            progress.update(start + round.count, of: entries.count)
        }
        guard pictures > 0 else {
            throw InputError(
                file: source, expected: "a picture that can be read", found: "none")
        }
        return (total, pictures, worst)
    }

    private typealias Outcome = Result<PixelStatistics, any Error>

    private static func outcomes(of round: [PictureTree.Entry], _ pool: WorkPool) -> [Outcome] {
        let outcomes = Mutex<[Int: Outcome]>([:])
        pool.run(count: round.count) { index, _ in
            let outcome = Outcome(catching: {
                let path = round[index].path
                let storage = try InputFile(path: path).storage
                return PixelStatistics(of: try Picture.decode(storage, path: path).picture)
            })
            outcomes.withLock { $0[index] = outcome }
        }
        let all = outcomes.withLock { $0 }
        return round.indices.compactMap { all[$0] }
    }
}
