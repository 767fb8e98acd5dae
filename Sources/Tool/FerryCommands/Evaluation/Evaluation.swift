import FormatInterface
import Images
import Parity
import Runtime
import Synchronization
import Tensors

/// Judges labelled pictures one batch after the other.
struct Evaluation {
    let classifier: PictureClassifier
    let pictures: LabelledPictures
    /// Pictures the network is given at once.
    let batch: Int
    let pool: WorkPool
    let classes: Int

    private(set) var tally = Tally()
    private(set) var failed = 0
    private(set) var status = ExitStatus.done
    /// What readers should know of pictures, and of how many of them.
    private var notes: [String: Int] = [:]
    /// More notes than these are not kept apart.
    private static let noteLimit = 20
    /// Pictures above this size are decoded one at a time, so that few are in memory.
    private static let giant = 1 << 24

    init(
        _ classifier: PictureClassifier, _ pictures: LabelledPictures, batch: Int, pool: WorkPool,
        classes: Int
    ) {
        self.classifier = classifier
        self.pictures = pictures
        self.batch = batch
        self.pool = pool
        self.classes = classes
    }

    /// Counts a picture that an earlier run judged.
    mutating func count(_ number: Int, top: [Int]) {
        tally.add(label: pictures.items[number].label, top: top)
    }

    /// Judges what is not done yet.
    ///
    /// - Throws: `OutputError` when the state cannot be kept. Pictures that fail are reported.
    mutating func run(_ state: EvaluationState?, _ console: Console) throws {
        let before = tally.count
        let progress = console.progress("pictures", hasBar: true)
        defer { progress.finish() }
        var next = 0
        while next < pictures.items.count {
            var numbers: [Int] = []
            while next < pictures.items.count, numbers.count < max(batch, pool.threadCount) {
                if state?.isDone[next] != true { numbers.append(next) }
                next += 1
            }
            let ready = prepared(numbers, progress, console)
            for start in stride(from: 0, to: ready.count, by: batch) {
                let part = ready[start..<min(start + batch, ready.count)]
                try judge(Array(part), state, progress, console)
                progress.update(
                    tally.count + failed, of: pictures.items.count, before: before)
            }
        }
        progress.finish()
        tell(console)
    }

    /// The pictures that can be read, in order; others are reported.
    private mutating func prepared(
        _ numbers: [Int], _ progress: Progress, _ console: Console
    ) -> [(number: Int, views: PictureViewing.Views)] {
        var ready: [(number: Int, views: PictureViewing.Views)] = []
        for (number, result) in zip(numbers, decoded(numbers)) {
            do {
                ready.append((number, try result.get()))
            } catch {
                fail(error, progress, console)
            }
        }
        return ready
    }

    /// Pictures decoded and prepared by all threads.
    private func decoded(_ numbers: [Int]) -> [Result<PictureViewing.Views, any Error>] {
        let results = Mutex<[Int: Result<PictureViewing.Views, any Error>]>([:])
        let giants = Mutex(())
        let viewing = classifier.viewing
        pool.run(count: numbers.count) { index, _ in
            let result = Result<PictureViewing.Views, any Error> {
                let item = pictures.items[numbers[index]]
                let file = try InputFile(path: pictures.path(of: item))
                if Picture.claimedPixelCount(of: file.storage) > Self.giant {
                    return try giants.withLock { _ in try viewing.views(of: file) }
                }
                return try viewing.views(of: file)
            }
            results.withLock { $0[index] = result }
        }
        return results.withLock { all in numbers.indices.compactMap { all[$0] } }
    }

    private mutating func judge(
        _ batch: [(number: Int, views: PictureViewing.Views)], _ state: EvaluationState?,
        _ progress: Progress, _ console: Console
    ) throws {
        var scores: [ClassScores] = []
        do {
            scores =
                self.batch == 1
                ? try batch.map {
                    let path = pictures.path(of: pictures.items[$0.number])
                    return try classifier.answer($0.views, of: path).scores
                } : try classifier.scores(batch.map(\.views), paddedTo: self.batch)
        } catch {
            for _ in batch { fail(error, progress, console) }
            return
        }
        for (picture, scores) in zip(batch, scores) {
            for note in picture.views.notes { keep(note) }
            let item = pictures.items[picture.number]
            guard scores.ranks.count == classes, scores.firstNaN == nil else {
                let found = scores.firstNaN.map { "NaN for class \($0)" }
                fail(
                    InputError(
                        file: pictures.path(of: item), expected: "\(classes) scores",
                        found: found ?? "\(scores.ranks.count)"), progress, console)
                continue
            }
            let top = scores.likeliest(Tally.topCount)
            try state?.add(picture.number, item, top: top)
            tally.add(label: item.label, top: top)
        }
    }

    private mutating func fail(_ error: any Error, _ progress: Progress, _ console: Console) {
        progress.finish()
        failed += 1
        status = max(status, console.report(error))
    }

    private mutating func keep(_ note: String) {
        let isKept = notes[note] != nil || notes.count < Self.noteLimit
        notes[isKept ? note : "further notes", default: 0] += 1
    }

    private func tell(_ console: Console) {
        for (note, count) in notes.sorted(by: { $0.key < $1.key }) {
            console.note("note: \(count) picture\(count == 1 ? "" : "s"): \(note)")
        }
    }
}
