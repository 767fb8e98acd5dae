extension FerryMain {
    /// Every command, in the order help lists them.
    static var commands: [any Command.Type] { [] }
}
