import CareSyncCore
import Foundation
import JSONCoding
import WebAPI

struct AddLabTestRequest: Codable, Sendable, Validated, Documented {
    var testName: String
    var price: Money
    var description: String?
    var isActive: Bool?

    static let rules: [Rule<Self>] = [
        .text("testName", \.testName, .name, LabTestDraft.longestName), LabTestRules.price { $0.price },
        .text("description", \.description, .paragraph, LabTestDraft.longestDescription),
    ]

    static let notes = LabTestRules.notes.merging([
        "isActive": FieldNote("Whether the test can be booked.", default: true)
    ]) { $1 }

    var draft: LabTestDraft {
        LabTestDraft(
            name: LabTestDraft.normalized(testName), price: price, description: TextSort.content(of: description),
            isActive: isActive ?? true)
    }
}

/// An absent description or `isActive` stays as it is.
struct ChangeLabTestRequest: Codable, Sendable, Validated, Documented {
    var testName: String
    var price: Money
    var description: Patch<String>
    var isActive: Bool?

    static let rules: [Rule<Self>] = [
        .text("testName", \.testName, .name, LabTestDraft.longestName), LabTestRules.price { $0.price },
        LabTestRules.description { $0.description.value },
    ]

    static let notes = LabTestRules.notes

    var change: LabTestService.Change {
        LabTestService.Change(
            name: LabTestDraft.normalized(testName), price: price, description: description, isActive: isActive)
    }
}

enum LabTestRules {
    static let notes: [String: FieldNote] = [
        "testName": FieldNote("What the test is called.", example: "Complete blood count"),
        "price": "The price in rupees.", "description": "What the test is for.",
        "isActive": "Whether the test can be booked.",
    ]

    static func price<Root>(_ price: @escaping @Sendable (Root) -> Money) -> Rule<Root> {
        Rule("price", .described("from 0.01 to 99999999.99")) { root in
            LabTestDraft.prices.contains(price(root)) ? nil : "must be from 0.01 to 99999999.99"
        }
    }

    static func description<Root>(_ text: @escaping @Sendable (Root) -> String?) -> Rule<Root> {
        let (sort, limit) = (TextSort.paragraph, LabTestDraft.longestDescription)
        return Rule("description", .text(minimum: nil, maximum: limit, pattern: sort.pattern(needsContent: false))) {
            text($0).flatMap { sort.complaint($0, limit: limit) }
        }
    }
}

/// `name` is what the published client calls `testName`.
struct LabTestSearchParameters: Codable, Sendable, PagedParameters, Documented {
    var testName: String?
    var name: String?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] =
        [.maxLength("testName", \.testName, 100), .maxLength("name", \.name, 100)] + Rule.paging

    static let notes: [String: FieldNote] = [
        "testName": "A part of the name, in any case; without one every active test is listed.",
        "name": "The same as `testName`, which counts when both are given.",
    ]

    var part: String { testName ?? name ?? "" }
}

/// A bare array of numbers.
struct LabTestSelection: Codable, Sendable, Validated, BoundedBody {
    let ids: [Int64]

    static let lengths = 1...LabTestService.mostPriced

    init(from decoder: any Decoder) throws {
        ids = try decoder.singleValueContainer().decode([Int64].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(ids)
    }

    static let rules: [Rule<Self>] = [
        Rule("ids", .items(minimum: lengths.lowerBound, maximum: lengths.upperBound)) {
            lengths.contains($0.ids.count) ? nil : "must be from 1 to \(LabTestService.mostPriced) numbers of lab tests"
        }
    ]
}
