package import Persistence

extension [Migration] {
    /// With a step that does nothing for each number that is missing: those of features the test leaves out.
    package var gapless: [Migration] {
        let steps = Dictionary(uniqueKeysWithValues: map { ($0.number, $0) })
        return (1...(steps.keys.max() ?? 1)).map { number in
            steps[number] ?? Migration(number, "of another feature") { _ in [] }
        }
    }
}
