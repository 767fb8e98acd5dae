extension Float {
    /// The number that was meant: of those that round to this one, the shortest in decimals.
    ///
    /// Files keep attributes in float32, where 10⁻⁵ is 9.99999975·10⁻⁶; frameworks compute with
    /// 10⁻⁵ in double precision.
    package var shortest: Double { Double("\(self)") ?? Double(self) }
}
