extension FerryMain {
    /// Every command, in the order help lists them.
    static var commands: [any Command.Type] {
        [
            InspectCommand.self, ConvertCommand.self, VerifyCommand.self, RunCommand.self,
            BenchCommand.self, InitCommand.self, EditCommand.self,
        ]
    }
}
