extension FerryMain {
    /// Every command, in the order help lists them.
    package static var commands: [any Command.Type] {
        [
            InspectCommand.self, ConvertCommand.self, VerifyCommand.self, DiffCommand.self,
            RunCommand.self, EvaluateCommand.self, RecordCommand.self, ShowCommand.self,
            BenchCommand.self, InitCommand.self, EditCommand.self, AugmentCommand.self,
            CompareArchitecturesCommand.self,
        ]
    }
}
