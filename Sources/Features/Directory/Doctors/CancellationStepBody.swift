package import CareSyncCore
package import FeatureContract
import WebAPI

/// A step of the terms of cancellation on the wire.
package struct CancellationStepBody: WireValue, Equatable {
    package var hoursBefore: Int
    package var refundPercent: Int

    package init(hoursBefore: Int, refundPercent: Int) {
        self.hoursBefore = hoursBefore
        self.refundPercent = refundPercent
    }

    /// The longest time first.
    package static func steps(of terms: CancellationTerms) -> [CancellationStepBody] {
        terms.steps.map { CancellationStepBody(hoursBefore: $0.hoursBefore, refundPercent: $0.refundPercent) }
    }

    /// Of steps without a mistake.
    package static func terms(of steps: [CancellationStepBody]) -> CancellationTerms {
        CancellationTerms(
            steps: steps.map { CancellationTerms.Step(hoursBefore: $0.hoursBefore, refundPercent: $0.refundPercent) })
    }

    /// What is wrong with steps in any order; `nil` when nothing is.
    package static func mistake(in steps: [CancellationStepBody]) -> String? {
        guard steps.count <= CancellationTerms.mostSteps else {
            return "must have at most \(CancellationTerms.mostSteps) steps"
        }
        guard steps.allSatisfy({ CancellationTerms.hours.contains($0.hoursBefore) }) else {
            return "must have hoursBefore from 0 to \(CancellationTerms.hours.upperBound)"
        }
        guard steps.allSatisfy({ CancellationTerms.percents.contains($0.refundPercent) }) else {
            return "must have refundPercent from 0 to 100"
        }
        guard Set(steps.map(\.hoursBefore)).count == steps.count else { return "must name an hour once" }
        let percents = terms(of: steps).steps.map(\.refundPercent)
        guard zip(percents, percents.dropFirst()).allSatisfy({ $0 >= $1 }) else {
            return "must not give back more for cancelling later"
        }
        return nil
    }
}

extension CancellationStepBody: Validated {
    /// The terms they stand in check them.
    package static let rules: [Rule<Self>] = [
        Rule("hoursBefore", .range(minimum: 0, maximum: Int64(CancellationTerms.hours.upperBound))) { _ in nil },
        Rule("refundPercent", .range(minimum: 0, maximum: 100)) { _ in nil },
    ]
}
