import KernelInterface

/// Normalises the pixels `pixels` across their channels.
@inline(never)
func normalizeAcrossChannels(_ task: LRNTask, _ pixels: Range<Int>) {
    for pixel in pixels {
        let input = unsafe task.input + pixel * task.channels
        let output = unsafe task.output + pixel * task.channels
        for channel in stride(from: 0, to: task.channels, by: 16) {
            var squares = Lanes.zero
            for offset in -task.before...task.after {
                let value = unsafe loadInside(input, at: channel + offset, of: task.channels)
                squares.addProduct(value, value)
            }
            let base = Lanes(repeating: task.bias)
                .addingProduct(squares, Lanes(repeating: task.scale))
            // base^¾, of correctly rounded operations only.
            let root = base.squareRoot()
            let divisor = root * root.squareRoot()
            let value = unsafe loadInside(input, at: channel, of: task.channels) / divisor
            let lanes = min(16, task.channels - channel)
            if lanes == 16 {
                unsafe store(value, to: output + channel)
            } else {
                unsafe storeFirst(lanes, of: value, to: output + channel)
            }
        }
    }
}

/// 16 floats from `index`, zeros where that lies outside `0..<count`.
@inline(always)
private func loadInside(_ pointer: UnsafePointer<Float>, at index: Int, of count: Int) -> Lanes {
    if index >= 0, index + 16 <= count { return unsafe load(pointer + index) }
    var value = Lanes.zero
    for lane in 0..<16 where index + lane >= 0 && index + lane < count {
        unsafe value[lane] = pointer[index + lane]
    }
    return value
}
