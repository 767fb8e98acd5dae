import IR

/// "; did you mean 'convert'?" when one of `choices` is close to `word`, otherwise "".
package func didYouMean(_ word: String, among choices: [String], prefix: String = "") -> String {
    nearestName(to: word, among: choices).map { "; did you mean '\(prefix)\($0)'?" } ?? ""
}
