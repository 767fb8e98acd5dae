import Tensors

/// The outputs' codes of LeNet-5: each digit as a picture of 7 × 12, ink +1 and paper −1.
///
/// The paper describes them (stylised characters, so that what looks alike has codes alike) and
/// shows them in a figure. These are Ferry's own drawing of what it describes, not a copy of it.
enum DigitCodes {
    static let width = 7
    static let height = 12

    private static let drawing = """
        ..###.. ...#... .#####. .#####. .....#. ####### ..####. ####### .#####. .#####.
        .#...#. ..##... #.....# #.....# ....##. #...... .#..... ......# #.....# #.....#
        #.....# .#.#... ......# ......# ...#.#. #...... #...... ......# #.....# #.....#
        #.....# ...#... ......# ......# ..#..#. #...... #...... .....#. #.....# #.....#
        #.....# ...#... .....#. ......# .#...#. ######. #...... .....#. #.....# #.....#
        #.....# ...#... ....#.. ..####. #....#. ......# ######. ....#.. .#####. #.....#
        #.....# ...#... ...#... ......# #....#. ......# #.....# ....#.. #.....# .######
        #.....# ...#... ..#.... ......# ####### ......# #.....# ...#... #.....# ......#
        #.....# ...#... .#..... ......# .....#. ......# #.....# ...#... #.....# ......#
        #.....# ...#... #...... ......# .....#. ......# #.....# ..#.... #.....# ......#
        .#...#. ...#... #...... #.....# .....#. #.....# #.....# ..#.... #.....# .....#.
        ..###.. .#####. ####### .#####. .....#. .#####. .#####. ..#.... .#####. .####..
        """

    /// [10, 84]: a digit's rows one after the other. Nil for other than ten codes of 84.
    static func tensor(of shape: [Int]) -> Tensor? {
        let rows = drawing.split(separator: "\n").map { $0.split(separator: " ") }
        let digits = rows[0].count
        guard shape == [digits, width * height] else { return nil }
        let values = (0..<digits).flatMap { digit in
            rows.flatMap { row in row[digit].map { $0 == "#" ? Float(1) : -1 } }
        }
        return Tensor(values, shape: shape)
    }
}
