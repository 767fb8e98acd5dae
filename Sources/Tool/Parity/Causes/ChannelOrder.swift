import Tensors

/// A tensor whose channels along one axis stand in another order than the reference's.
struct ChannelOrder {
    /// For each channel here, where the reference has it.
    let places: [Int]
    /// Input channels that each output reads.
    private let depth: Int

    /// The order of `a`'s channels along `axis` in `b`; nil unless that explains every element.
    ///
    /// - Precondition: both are stored and of one shape and element type.
    init?(of a: Tensor, in b: Tensor, axis: Int) {
        let count = a.shape[axis]
        guard count > 1 else { return nil }
        let (mine, theirs) = (a.channelHashes(axis), b.channelHashes(axis))
        var known: [UInt64: [Int]] = [:]
        for (index, hash) in theirs.enumerated().reversed() {
            known[hash, default: []].append(index)
        }
        var places: [Int] = []
        for (index, hash) in mine.enumerated() {
            if hash == theirs[index] {
                places.append(index)
            } else if let place = known[hash]?.popLast() {
                places.append(place)
            } else {
                return nil
            }
        }
        guard a.hasChannels(of: b, at: places, axis: axis) else { return nil }
        self.places = places
        depth = a.shape.dropFirst().first ?? 1
    }

    /// What kind of order it is, with words: channels of `name`.
    func cause(_ name: String, _ context: TensorContext, axis: Int) -> TensorCause {
        let count = places.count
        if axis == 0, context.role == .kernel, depth == 1, let words = depthwise(context.group) {
            return TensorCause(.depthwiseOrder, words)
        }
        if axis == 0, let blocks = blocks {
            let isGrouped = context.group > 1 || blocks.count == 2
            if isGrouped {
                return TensorCause(
                    .groupsExchanged,
                    "its \(blocks.count) groups of \(count / blocks.count) \(name) are in the "
                        + "order \(blocks)")
            }
        }
        let cause: Cause = axis == 0 ? .outputChannelsPermuted : .inputChannelsPermuted
        return TensorCause(cause, "the \(name) are in another order: \(words)")
    }

    private var words: String {
        let count = places.count
        let moved = places.indices.filter { places[$0] != $0 }
        if places == Array((0..<count).reversed()) { return "the opposite one" }
        let shift = places[0]
        if places.indices.allSatisfy({ places[$0] == ($0 + shift) % count }) {
            return "shifted by \(shift <= count / 2 ? shift : shift - count)"
        }
        if moved.count == 2 { return "\(moved[0]) and \(moved[1]) changed places" }
        return "\(moved.count) of \(count) stand elsewhere"
    }

    /// The order of the largest blocks that moved as a whole; nil where single channels moved.
    private var blocks: [Int]? {
        let count = places.count
        for parts in 2..<max(count, 2) where count % parts == 0 && count / parts > 1 {
            let size = count / parts
            let keepsBlocks = places.indices.allSatisfy { index in
                places[index] % size == index % size
                    && places[index] / size == places[index / size * size] / size
            }
            if keepsBlocks {
                return stride(from: 0, to: count, by: size).map { places[$0] / size }
            }
        }
        return nil
    }

    /// Whether channels of a depthwise kernel count by multiplier first.
    private func depthwise(_ channels: Int) -> String? {
        let count = places.count
        guard channels > 1, count % channels == 0, count / channels > 1 else { return nil }
        let multiplier = count / channels
        let isTurned = places.indices.allSatisfy {
            places[$0] == $0 % channels * multiplier + $0 / channels
        }
        let isTurnedBack = places.indices.allSatisfy {
            places[$0] == $0 % multiplier * channels + $0 / multiplier
        }
        guard isTurned || isTurnedBack else { return nil }
        return "the outputs of \(channels) channels count multiplier by multiplier for channel by "
            + "channel"
    }
}

extension Tensor {
    /// A number for each channel along `axis` that equal channels share.
    fileprivate func channelHashes(_ axis: Int) -> [UInt64] {
        let count = shape[axis]
        let run = shape.dropFirst(axis + 1).reduce(elementType.size, *)
        let outer = shape.prefix(axis).reduce(1, *)
        var hashes = [UInt64](repeating: 0, count: count)
        unsafe withUnsafeBytes { bytes in
            for block in 0..<outer {
                for channel in 0..<count {
                    let start = (block * count + channel) * run
                    let hash = unsafe mixed(bytes, start..<start + run, seed: UInt64(block))
                    hashes[channel] &+= hash
                }
            }
        }
        return hashes
    }

    fileprivate func hasChannels(of other: Tensor, at places: [Int], axis: Int) -> Bool {
        let run = shape.dropFirst(axis + 1).reduce(1, *)
        let count = shape[axis]
        return (0..<shape.prefix(axis).reduce(1, *)).allSatisfy { block in
            places.indices.allSatisfy { channel in
                let mine = (block * count + channel) * run
                let theirs = (block * count + places[channel]) * run
                return slice(mine..<mine + run).hasBytes(of: other.slice(theirs..<theirs + run))
            }
        }
    }

    /// A number that tensors of the same elements share, in whatever order.
    var elementFingerprint: UInt64 {
        let size = elementType.size
        return blocks.reduce(0) { sum, block in
            unsafe block.withUnsafeBytes { bytes in
                var sum = sum
                for start in stride(from: 0, to: bytes.count, by: size) {
                    sum &+= unsafe mixed(bytes, start..<start + size, seed: 1)
                }
                return sum
            }
        }
    }
}

/// A hash of the bytes in `range`, four at a time.
private func mixed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, seed: UInt64) -> UInt64 {
    var hash = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x2545_F491_4F6C_DD1D
    var offset = range.lowerBound
    while offset + 4 <= range.upperBound {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        hash = (hash ^ UInt64(word)) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        offset += 4
    }
    while offset < range.upperBound {
        hash = (hash ^ UInt64(unsafe bytes[offset])) &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        offset += 1
    }
    return hash
}
