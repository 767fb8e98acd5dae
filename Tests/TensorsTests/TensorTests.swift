import Synchronization
import Tensors
import Testing

@Suite struct Tensors {
    @Test func `sizes that overflow or are negative have no count`() {
        #expect(Tensor.elementCount(of: []) == 1)
        #expect(Tensor.elementCount(of: [3, 4]) == 12)
        #expect(Tensor.elementCount(of: [.max, 2]) == nil)
        #expect(Tensor.elementCount(of: [1 << 32, 1 << 31]) == nil)
        #expect(Tensor.elementCount(of: [2, -1]) == nil)
        #expect(Tensor.elementCount(of: [0, -1]) == nil)
        #expect(Tensor.byteCount(of: [1 << 61], .float32) == nil)
        #expect(Tensor.byteCount(of: [1 << 60], .float32) == 1 << 62)
        #expect(Tensor.byteCount(of: [1 << 62], .uint8) == 1 << 62)
    }

    @Test func `a zero makes a shape empty, unless the rest overflows`() {
        #expect(Tensor.elementCount(of: [0, 5]) == 0)
        #expect(Tensor.elementCount(of: [1 << 40, 0]) == 0)
        #expect(Tensor.elementCount(of: [0, .max, 2]) == nil)
    }

    @Test(arguments: ElementType.allCases)
    func `a type's size is that of its name`(_ type: ElementType) {
        let digits = type.rawValue.drop { !$0.isNumber }.prefix { $0.isNumber }
        let bits = Int(digits) ?? 8
        #expect(type.bitWidth == bits)
        #expect(type.size == max(bits / 8, 1))
        #expect(type.isFloatingPoint == type.rawValue.contains("float"))
    }

    @Test func `reshaping shares the bytes`() {
        let tensor = Tensor((0..<12).map { Float($0) }, shape: [3, 4])
        let reshaped = tensor.reshaped([2, 1, 6])
        #expect(reshaped.shape == [2, 1, 6])
        #expect(reshaped.storage === tensor.storage)
        #expect(reshaped.floats() == tensor.floats())
        #expect(!reshaped.isBitEqual(to: tensor))
        #expect(reshaped.hasEqualBytes(to: tensor))
    }

    @Test func `bit equality sees type, shape, signs of zero and NaN payloads`() {
        let tensor = Tensor([Float(0), .nan], shape: [2])
        #expect(tensor.isBitEqual(to: tensor))
        #expect(!tensor.isBitEqual(to: Tensor([Float(-0.0), .nan])))
        #expect(!tensor.isBitEqual(to: Tensor([Float(0), Float(nan: 1, signaling: false)])))
        #expect(!tensor.isBitEqual(to: tensor.reshaped([2, 1])))
        let integers = Tensor(
            elementType: .int32, shape: [2], storage: tensor.storage)
        #expect(!tensor.isBitEqual(to: integers))
        #expect(tensor.hasEqualBytes(to: integers))
    }

    @Test func `bytes are the tensor's alone`() {
        let tensor = tensor(.int16, of: [1, 2, 3, 4], offset: 3)
        #expect(tensor.bytes.byteCount == 4)
        #expect(tensor.byteOffset == 3)
        #expect(bytes(of: tensor) == [1, 2, 3, 4])
    }

    @Test func `storage is released once, with its last user`() {
        let count = Mutex(0)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 7, count: 8)
        defer { unsafe memory.deallocate() }
        var tensors: [Tensor] = []
        do {
            let storage = unsafe ByteStorage(unsafeOwning: UnsafeRawPointer(memory), count: 8) {
                count.withLock { $0 += 1 }
            }
            let first = Tensor(elementType: .uint8, shape: [8], storage: storage)
            tensors = [first, first.reshaped([2, 4])]
        }
        #expect(tensors[1].doubles() == [Double](repeating: 7, count: 8))
        #expect(count.withLock { $0 } == 0)
        tensors.removeAll()
        #expect(count.withLock { $0 } == 1)
    }

    @Test func `allocated storage starts on a cache line, and may be empty`() throws {
        for size in [0, 1, 63, 64, 65, 4097] {
            let storage = unsafe ByteStorage(count: size) { buffer in
                unsafe buffer.initializeMemory(as: UInt8.self, repeating: 1)
            }
            #expect(storage.count == size)
            unsafe storage.withUnsafeBytes { bytes in
                #expect(UInt(bitPattern: bytes.baseAddress) % 64 == 0)
            }
        }
    }

    @Test func `a filling that throws leaves nothing behind`() {
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            _ = try unsafe ByteStorage(count: 100) { _ in throw Refused() }
        }
    }
}
