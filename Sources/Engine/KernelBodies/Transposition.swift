import KernelInterface

/// Transposes the columns `columns` of a matrix, 16 rows at a time.
@inline(never)
func transpose(_ task: TransposeTask, _ columns: Range<Int>) {
    for rowBlock in stride(from: 0, to: task.rows, by: 16) {
        let rows = rowBlock..<min(rowBlock + 16, task.rows)
        for column in columns {
            let output = unsafe task.output + column * task.outputStride
            let input = unsafe task.input + column
            for row in rows {
                unsafe output[row] = input[row * task.inputStride]
            }
        }
    }
}
