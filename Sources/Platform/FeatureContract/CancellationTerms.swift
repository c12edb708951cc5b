package import CareSyncCore

/// What a patient who cancels in time gets back. Cancelled by a doctor, the clinic or the system, it is always everything.
package struct CancellationTerms: Sendable, Equatable {
    /// `refundPercent` of the price goes back when there are at least `hoursBefore` hours left.
    package struct Step: Codable, Sendable, Equatable {
        package var hoursBefore: Int
        package var refundPercent: Int

        package init(hoursBefore: Int, refundPercent: Int) {
            self.hoursBefore = hoursBefore
            self.refundPercent = refundPercent
        }
    }

    /// The longest time first.
    package let steps: [Step]

    package static let mostSteps = 10
    package static let hours = 0...8_760
    package static let percents = 0...100

    /// Nothing goes back.
    package static let none = CancellationTerms(steps: [])
    /// Everything until a day before, half of it until two hours before: what a doctor has who has chosen nothing else.
    package static let standard = CancellationTerms(steps: [
        Step(hoursBefore: 24, refundPercent: 100), Step(hoursBefore: 2, refundPercent: 50),
    ])

    package init(steps: [Step]) {
        self.steps = steps.sorted { $0.hoursBefore > $1.hoursBefore }
    }

    /// Of 100, for somebody who cancels at `now` what begins at `start`.
    package func percent(start: Instant, now: Instant) -> Int {
        steps.first { start - now >= .hours(Int64($0.hoursBefore)) }?.refundPercent ?? 0
    }

    /// What goes back of a price, rounded half up to a paisa.
    package func refund(of price: Money, start: Instant, now: Instant) -> Money {
        Money(minorUnits: (price.minorUnits * Int64(percent(start: start, now: now)) + 50) / 100)
    }
}

/// As a list of steps on the wire.
extension CancellationTerms: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(steps: try decoder.singleValueContainer().decode([Step].self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(steps)
    }
}

/// Stored as `24:100 2:50`.
extension CancellationTerms {
    package var stored: String { steps.map { "\($0.hoursBefore):\($0.refundPercent)" }.joined(separator: " ") }

    package init(stored text: String) {
        self.init(
            steps: text.split(separator: " ").compactMap { step in
                let parts = step.split(separator: ":").compactMap { Int($0) }
                return parts.count == 2 ? Step(hoursBefore: parts[0], refundPercent: parts[1]) : nil
            })
    }
}
