import FormatInterface
import IR
import ONNXFormat
import TestSupport
import Testing

/// A model with raw and typed tensors, packed and unpacked, and an attribute.
private let whole = model(
    graph(initializers: [
        floats("w", [3, 2, 3, 3]), floats("b", [3]),
        tensor("h", 10, [2], bytes(5, varint(15360) + varint(49152))),
        tensor("i", 7, [2], integer(7, -1) + integer(7, 5)),
    ]))

/// Where fields of the model, its graph and its tensors end.
private let boundaries: [Int] = {
    var ends: [Int] = []
    func walk(_ range: Range<Int>, depth: Int) {
        var position = range.lowerBound
        while position < range.upperBound {
            let wireType = whole[position] & 7
            position += 1
            if wireType == 0 {
                while whole[position] >= 0x80 { position += 1 }
                position += 1
            } else {
                var length = 0
                var shift = 0
                repeat {
                    length |= Int(whole[position] & 0x7F) << shift
                    shift += 7
                    position += 1
                } while whole[position - 1] >= 0x80
                ends.append(position)
                if depth < 2, length > 8 { walk(position..<position + length, depth: depth + 1) }
                position += length
            }
            ends.append(position)
        }
    }
    walk(0..<whole.count, depth: 0)
    return ends.filter { $0 < whole.count }
}()

@Test func `the undamaged model loads`() throws {
    #expect(try read(whole).tensors.count == 4)
    #expect(boundaries.count > 30)
}

@Test func `a file cut anywhere is refused`() throws {
    let random = Mutation.cuts(of: whole.count, count: 100, seed: 1)
    for length in boundaries + random {
        #expect(throws: InputError.self, "cut to \(length) of \(whole.count) bytes") {
            try read(Array(whole[..<length]))
        }
    }
}

@Test(arguments: 0..<20)
func `a flipped bit never crashes the reader`(_ block: UInt64) throws {
    for seed in block * 100..<(block + 1) * 100 {
        do {
            _ = try read(Mutation.flippingOneBit(of: whole, seed: seed))
        } catch is InputError {
            continue
        } catch {
            Issue.record("seed \(seed): \(error)")
        }
    }
}

@Test func `random bytes are refused`() throws {
    var generator = SeededGenerator(seed: 11)
    for size in 1...200 {
        let noise = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(throws: InputError.self) { try read(noise) }
    }
}

@Test func `a cut or flipped tensor file never crashes the reader`() throws {
    let folder = try TemporaryFolder()
    let good = floats("x", [2, 3])
    for length in 0..<good.count {
        let file = try folder.file(Array(good[..<length]))
        #expect(throws: InputError.self) { try ONNXFormat.readTensor(file) }
    }
    for seed in 0..<500 {
        let damaged = Mutation.flippingOneBit(of: good, seed: UInt64(seed))
        do {
            _ = try ONNXFormat.readTensor(folder.file(damaged))
        } catch is InputError {
            continue
        }
    }
}
