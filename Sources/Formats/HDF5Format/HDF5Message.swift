import Tensors

/// A value that can be sent between processes.
///
/// Written out instead of left to a general coder: those take locks that another thread may have
/// held when the process forked.
protocol HDF5Message {
    func encode(into bytes: inout [UInt8])
    init(from reader: inout HDF5MessageReader) throws(HDF5MessageReader.Malformed)
}

/// Takes a message apart, from a process that may have been led astray.
struct HDF5MessageReader {
    struct Malformed: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func integer() throws(Malformed) -> Int {
        guard rest.count >= 8 else { throw Malformed() }
        let bits = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(8)
        return Int(truncatingIfNeeded: bits)
    }

    /// A number of things that follow, each at least `size` bytes long.
    mutating func count(ofAtLeast size: Int) throws(Malformed) -> Int {
        let count = try integer()
        guard count >= 0, count <= rest.count / size else { throw Malformed() }
        return count
    }

    mutating func text() throws(Malformed) -> String {
        let count = try count(ofAtLeast: 1)
        guard let text = String(validating: rest.prefix(count), as: UTF8.self) else {
            throw Malformed()
        }
        rest = rest.dropFirst(count)
        return text
    }
}

extension [UInt8] {
    mutating func append(integer: Int) {
        for shift in stride(from: 0, to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: integer >> shift))
        }
    }

    mutating func append(text: String) {
        append(integer: text.utf8.count)
        append(contentsOf: text.utf8)
    }
}

extension Bool: HDF5Message {
    func encode(into bytes: inout [UInt8]) { bytes.append(integer: self ? 1 : 0) }

    init(from reader: inout HDF5MessageReader) throws(HDF5MessageReader.Malformed) {
        self = try reader.integer() == 1
    }
}

extension HDF5Contents: HDF5Message {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: groups.count)
        for (path, attributes) in groups {
            bytes.append(text: path)
            bytes.append(integer: attributes.count)
            for (name, value) in attributes {
                bytes.append(text: name)
                value.encode(into: &bytes)
            }
        }
        bytes.append(integer: datasets.count)
        for dataset in datasets { dataset.encode(into: &bytes) }
    }

    init(from reader: inout HDF5MessageReader) throws(HDF5MessageReader.Malformed) {
        for _ in 0..<(try reader.count(ofAtLeast: 16)) {
            let path = try reader.text()
            var attributes: [String: HDF5Value] = [:]
            for _ in 0..<(try reader.count(ofAtLeast: 24)) {
                let name = try reader.text()
                attributes[name] = try HDF5Value(from: &reader)
            }
            groups[path] = attributes
        }
        for _ in 0..<(try reader.count(ofAtLeast: 40)) {
            datasets.append(try HDF5Dataset(from: &reader))
        }
    }
}

extension HDF5Value: HDF5Message {
    func encode(into bytes: inout [UInt8]) {
        switch self {
        case .string(let text):
            bytes.append(integer: 0)
            bytes.append(text: text)
        case .strings(let texts):
            bytes.append(integer: 1)
            bytes.append(integer: texts.count)
            for text in texts { bytes.append(text: text) }
        case .numbers(let numbers):
            bytes.append(integer: 2)
            bytes.append(integer: numbers.count)
            for number in numbers {
                bytes.append(integer: Int(truncatingIfNeeded: number.bitPattern))
            }
        case .other(let kind):
            bytes.append(integer: 3)
            bytes.append(text: kind)
        }
    }

    init(from reader: inout HDF5MessageReader) throws(HDF5MessageReader.Malformed) {
        switch try reader.integer() {
        case 0: self = .string(try reader.text())
        case 1:
            var texts: [String] = []
            for _ in 0..<(try reader.count(ofAtLeast: 8)) { texts.append(try reader.text()) }
            self = .strings(texts)
        case 2:
            var numbers: [Double] = []
            for _ in 0..<(try reader.count(ofAtLeast: 8)) {
                let bits = UInt64(truncatingIfNeeded: try reader.integer())
                numbers.append(Double(bitPattern: bits))
            }
            self = .numbers(numbers)
        case 3: self = .other(try reader.text())
        default: throw HDF5MessageReader.Malformed()
        }
    }
}

extension HDF5Dataset: HDF5Message {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(text: path)
        switch elements {
        case .type(let elementType, let isBigEndian):
            bytes.append(integer: isBigEndian ? 1 : 0)
            bytes.append(text: elementType.rawValue)
        case .unsupported(let kind):
            bytes.append(integer: 2)
            bytes.append(text: kind)
        case .opaque16:
            bytes.append(integer: 3)
            bytes.append(text: "")
        }
        bytes.append(integer: shape.count)
        for size in shape { bytes.append(integer: size) }
        if case .contiguous(let offset) = storage {
            bytes.append(integer: offset)
        } else {
            bytes.append(integer: -1)
        }
    }

    init(from reader: inout HDF5MessageReader) throws(HDF5MessageReader.Malformed) {
        path = try reader.text()
        let kind = try reader.integer()
        let name = try reader.text()
        if kind == 2 {
            elements = .unsupported(name)
        } else if kind == 3 {
            elements = .opaque16
        } else {
            guard let elementType = ElementType(rawValue: name) else {
                throw HDF5MessageReader.Malformed()
            }
            elements = .type(elementType, isBigEndian: kind == 1)
        }
        shape = []
        for _ in 0..<(try reader.count(ofAtLeast: 8)) { shape.append(try reader.integer()) }
        let offset = try reader.integer()
        storage = offset < 0 ? .library : .contiguous(offset: offset)
    }
}
