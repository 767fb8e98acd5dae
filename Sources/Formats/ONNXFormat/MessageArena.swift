import COnnx
import CProtobuf
import Foundation

/// Memory of C messages while they are packed; freed together at the end.
@safe
final class MessageArena {
    private var blocks: [UnsafeMutableRawPointer] = unsafe []

    deinit {
        unsafe blocks.forEach { unsafe $0.deallocate() }
    }

    /// A message that `initialize` (the generated `…__init`) has set up.
    func message<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) -> UnsafeMutablePointer<Message> {
        let memory = unsafe allocate(1, of: Message.self)
        unsafe initialize(memory)
        return unsafe memory
    }

    /// A C string.
    func string(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8.map { CChar(bitPattern: $0) } + [0]
        return unsafe array(bytes)
    }

    func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let memory = unsafe allocate(max(elements.count, 1), of: Element.self)
        for (index, element) in elements.enumerated() {
            unsafe (memory + index).initialize(to: element)
        }
        return unsafe memory
    }

    func bytes(_ text: String) -> ProtobufCBinaryData {
        let bytes = Array(text.utf8)
        return unsafe ProtobufCBinaryData(len: bytes.count, data: array(bytes))
    }

    /// The repeated field that holds `messages`.
    func list<Message>(
        _ messages: [UnsafeMutablePointer<Message>]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?> {
        unsafe array(messages.map { unsafe Optional($0) })
    }

    func strings(_ texts: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        unsafe array(texts.map { unsafe Optional(string($0)) })
    }

    private func allocate<Element>(
        _ count: Int, of _: Element.Type
    ) -> UnsafeMutablePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
        unsafe blocks.append(UnsafeMutableRawPointer(memory))
        return unsafe memory
    }
}

/// The wire bytes of a message.
func packed<Message>(_ message: UnsafeMutablePointer<Message>) -> [UInt8] {
    unsafe message.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { base in
        let size = unsafe protobuf_c_message_get_packed_size(base)
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard let start = buffer.baseAddress, size > 0 else { return }
            count = unsafe protobuf_c_message_pack(base, start)
        }
    }
}
