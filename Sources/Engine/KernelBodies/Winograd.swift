import KernelInterface

/// The points a = 3/4 and b = 3/2 of tiles over 6×6 inputs, and what the transforms need of them.
enum Points {
    static var a: Float { 0.75 }
    static var b: Float { 1.5 }
    static var aa: Float { 0.5625 }
    static var bb: Float { 2.25 }
    /// a²·b² and a² + b².
    static var product: Float { 1.265625 }
    static var sum: Float { 2.8125 }
    static var aaa: Float { 0.421875 }
    static var bbb: Float { 3.375 }
}

/// The vectors of a tile between its two passes.
@inline(always)
func between(_ task: WinogradTask) -> UnsafeMutablePointer<Float> {
    unsafe (task.scratch + 72 * 8).assumingMemoryBound(to: Float.self)
}

/// Outputs of a tile that reaches beyond the picture or the channels.
@inline(always)
func apart(_ task: WinogradTask) -> UnsafeMutablePointer<Float> {
    unsafe between(task) + 36 * 16
}
