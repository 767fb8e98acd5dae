import FormatInterface
import Foundation
import Images
import NumPyFormat
import Runtime
import Synchronization
import Tensors

/// Makes the variants of pictures on several threads, and writes them in order.
struct AugmentationRun {
    enum Format: String, CaseIterable {
        /// 8 bits a channel, rounded and clipped.
        case png
        /// Float32 [3, height, width], v/255 and the change of colour, neither rounded nor clipped.
        case npy
    }

    var augmentation: Augmentation
    let seed: UInt64
    let count: Int
    let format: Format
    let exif: EXIFHandling
    let folder: String
    let replaces: Bool

    /// Some variants of one picture.
    private struct Job {
        let entry: PictureTree.Entry
        let variants: Range<Int>
    }

    private struct Product {
        let bytes: [UInt8]
        let output: AugmentationReport.Output
    }

    private typealias Outcome = Result<(products: [Product], notes: [String]), any Error>

    /// The path of a variant: its picture's place, the variant's number, the format's ending.
    func path(of entry: PictureTree.Entry, variant: Int) -> String {
        "\(folder)/\(entry.stem)-\(variant).\(format.rawValue)"
    }

    /// Writes every variant; pictures that cannot be read are reported, and the others go on.
    ///
    /// - Returns: the worst of the pictures' statuses.
    func write(
        _ entries: [PictureTree.Entry], on pool: WorkPool, into report: inout AugmentationReport,
        _ console: Console
    ) throws -> ExitStatus {
        let step = variantsAtOnce
        let jobs = entries.flatMap { entry in
            stride(from: 0, to: count, by: step).map { start in
                Job(entry: entry, variants: start..<min(start + step, count))
            }
        }
        let progress = console.progress("pictures")
        defer { progress.finish() }
        var (worst, failed) = (ExitStatus.done, Set<String>())
        // The files of one round are in memory together.
        let width = 2 * pool.threadCount
        for start in stride(from: 0, to: jobs.count, by: width) {
            let round = Array(jobs[start..<min(start + width, jobs.count)])
            for (job, outcome) in zip(round, outcomes(of: round, pool)) {
                do {
                    let (products, notes) = try outcome.get()
                    for note in notes { console.note("note: \(job.entry.path): \(note)") }
                    for product in products { try write(product, &report) }
                } catch let error as OutputError {
                    throw error
                } catch {
                    if failed.insert(job.entry.path).inserted {
                        worst = max(worst, console.report(error))
                    }
                }
            }
            progress.update(min(start + width, jobs.count), of: jobs.count)
        }
        report.failed = failed.count
        report.pictures = entries.count - failed.count
        return worst
    }

    /// Many small variants share one decoding; large ones come singly, to bound memory.
    private var variantsAtOnce: Int {
        guard let crop = augmentation.crop else { return 1 }
        return min(8, max(1, (1 << 22) / (crop * crop)))
    }

    private func outcomes(of jobs: [Job], _ pool: WorkPool) -> [Outcome] {
        let outcomes = Mutex<[Int: Outcome]>([:])
        pool.run(count: jobs.count) { index, _ in
            let outcome = Outcome(catching: { try products(of: jobs[index]) })
            outcomes.withLock { $0[index] = outcome }
        }
        let all = outcomes.withLock { $0 }
        return jobs.indices.compactMap { all[$0] }
    }

    private func products(of job: Job) throws -> (products: [Product], notes: [String]) {
        let file = try InputFile(path: job.entry.path)
        let decoded = try Picture.decode(file.storage, path: job.entry.path, exif: exif)
        let content = try Self.content(of: file)
        let products = try job.variants.map { number in
            try product(decoded.picture, job.entry, content, number)
        }
        return (products, job.variants.lowerBound == 0 ? decoded.notes : [])
    }

    private func product(
        _ source: Picture, _ entry: PictureTree.Entry, _ content: UInt64, _ number: Int
    ) throws(PictureError) -> Product {
        do throws(PictureError) {
            let (picture, draws) = try augmentation.reshaped(
                source, as: Variant(seed: seed, picture: content, number: number))
            let bytes =
                switch format {
                case .png: try picture.shifted(by: draws.shift).png()
                case .npy: Self.npy(picture.planes(shiftedBy: draws.shift))
                }
            return Product(
                bytes: bytes,
                output: .init(
                    path(of: entry, variant: number), of: entry.path, variant: number,
                    width: picture.width, height: picture.height, draws))
        } catch {
            throw PictureError(
                file: entry.path, format: error.format, place: error.place,
                expected: error.expected, found: error.found)
        }
    }

    private func write(_ product: Product, _ report: inout AugmentationReport) throws {
        let path = product.output.file
        try makeFolder(of: path)
        try OutputFile.write(to: path, replacing: replaces) { try $0.write(product.bytes) }
        report.bytes += product.bytes.count
        report.outputs.append(product.output)
    }

    private func makeFolder(of path: String) throws {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let parent = String(path[..<slash])
        do {
            try FileManager.default.createDirectory(
                atPath: parent, withIntermediateDirectories: true)
        } catch {
            throw OutputError(
                file: parent, problem: "expected a folder to write in, found none that can be made")
        }
    }

    /// What the random numbers of a picture follow from: eight bytes of its file's SHA-256.
    static func content(of file: InputFile) throws -> UInt64 {
        let digest = try SHA256()
        digest.update(file.storage.bytes)
        guard let content = UInt64(try digest.hexadecimal().prefix(16), radix: 16) else {
            preconditionFailure("a digest has 64 digits")
        }
        return content
    }

    private static func npy(_ tensor: Tensor) -> [UInt8] {
        guard let header = NPY.header(elementType: tensor.elementType, shape: tensor.shape) else {
            preconditionFailure("NumPy knows float32")
        }
        return unsafe header + tensor.withUnsafeBytes { unsafe Array($0) }
    }
}
