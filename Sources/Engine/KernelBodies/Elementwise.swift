import KernelInterface

/// Clamps the elements `elements`.
@inline(never)
func clamp(_ task: ElementTask, _ elements: Range<Int>) {
    var index = elements.lowerBound
    while index + 16 <= elements.upperBound {
        unsafe store(task.bounds.clamp(load(task.input + index)), to: task.output + index)
        index += 16
    }
    while index < elements.upperBound {
        unsafe task.output[index] = task.bounds.clamp(task.input[index])
        index += 1
    }
}

/// Adds two tensors of equal shape.
@inline(never)
func add(_ task: ElementTask, _ elements: Range<Int>) {
    var index = elements.lowerBound
    while index + 16 <= elements.upperBound {
        let sum = unsafe load(task.input + index) + load(task.other + index)
        unsafe store(task.bounds.clamp(sum), to: task.output + index)
        index += 16
    }
    while index < elements.upperBound {
        let sum = unsafe task.input[index] + task.other[index]
        unsafe task.output[index] = task.bounds.clamp(sum)
        index += 1
    }
}

/// Scales and shifts the channels of the pixels `pixels`.
@inline(never)
func scaleChannels(_ task: ChannelTask, _ pixels: Range<Int>) {
    for pixel in pixels {
        let input = unsafe task.input + pixel * task.channels
        let output = unsafe task.output + pixel * task.channels
        var channel = 0
        while channel + 16 <= task.channels {
            let value = unsafe load(task.shift + channel).addingProduct(
                load(input + channel), load(task.scale + channel))
            unsafe store(task.bounds.clamp(value), to: output + channel)
            channel += 16
        }
        while channel < task.channels {
            let value = unsafe task.shift[channel].addingProduct(
                input[channel], task.scale[channel])
            unsafe output[channel] = task.bounds.clamp(value)
            channel += 1
        }
    }
}

/// Shifts and divides the channels of the pixels `pixels`.
@inline(never)
func divideChannels(_ task: ChannelTask, _ pixels: Range<Int>) {
    for pixel in pixels {
        let input = unsafe task.input + pixel * task.channels
        let output = unsafe task.output + pixel * task.channels
        var channel = 0
        while channel + 16 <= task.channels {
            let shifted = unsafe load(input + channel) + load(task.shift + channel)
            let value = unsafe shifted / load(task.scale + channel)
            unsafe store(task.bounds.clamp(value), to: output + channel)
            channel += 16
        }
        while channel < task.channels {
            let value = unsafe (input[channel] + task.shift[channel]) / task.scale[channel]
            unsafe output[channel] = task.bounds.clamp(value)
            channel += 1
        }
    }
}
