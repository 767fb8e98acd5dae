import FerryCommands
import Foundation

exit(FerryMain.run(CommandLine.arguments))
