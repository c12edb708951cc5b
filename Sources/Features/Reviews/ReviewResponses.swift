import CareSyncCore
import Directory
import Scheduling
import WebAPI

/// When a review was written: the clinic's wall clock, or the day alone when the time would give its author away.
struct ReviewTime: Codable, Sendable, Equatable, WireScalar {
    private let text: String

    init(_ review: Review, zone: ClinicZone) {
        text = review.author.map { zone.local($0.createdAt).description } ?? review.createdOn.description
    }

    private init(text: String) {
        self.text = text
    }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    static let wireType = WireType(
        .string, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3})?)?$",
        example: sample.text, isMoment: true,
        text: "The clinic's wall clock; of an anonymous review the day alone, but for its author and administrators.")
    static let sample = ReviewTime(text: "2026-03-02T09:30:00")
}

/// `FeedbackDto` of the published API (rules/reviews 5).
struct ReviewResponse: WireResponse, Documented {
    let id: ReviewID
    let appointmentId: AppointmentID?
    let patientId: PatientID?
    let doctorId: DoctorID
    let patientName: String?
    let doctorName: String
    let rating: Int
    let comment: String?
    let anonymous: Bool
    let createdAt: ReviewTime

    init(_ review: Review, zone: ClinicZone) {
        id = review.id
        appointmentId = review.author?.appointmentID
        patientId = review.author?.id
        doctorId = review.doctorID
        patientName = review.author.map(\.name) ?? "Anonymous"
        doctorName = review.doctorName
        rating = review.rating
        comment = review.comment
        anonymous = review.isAnonymous
        createdAt = ReviewTime(review, zone: zone)
    }

    static let notes: [String: FieldNote] = [
        "id": "The number of the review; it tells no order.",
        "appointmentId": "The appointment; `null` when the author stays unnamed.",
        "patientId": "The author; `null` when the author stays unnamed.",
        "patientName": "The author's whole name, or `Anonymous`.",
        "rating": FieldNote("One to five stars.", example: 5),
        "comment": "What the author wrote; `null` without a comment.",
        "anonymous": "Whether the author stays unnamed to everybody but administrators.",
    ]
}

struct AverageRatingResponse: WireResponse, Documented {
    let doctorId: DoctorID
    let averageRating: Double

    static let notes: [String: FieldNote] = ["averageRating": "The mean of all ratings, not rounded; 0 without any."]
}

/// How often each number of stars was given; numbers that were never given are left out.
struct RatingDistributionResponse: WireResponse {
    private let counts: [String: Int]

    init(_ ratings: DoctorRatings) {
        counts = Dictionary(
            uniqueKeysWithValues: DoctorRatings.stars.filter { ratings[$0] > 0 }.map { ("\($0)", ratings[$0]) })
    }

    init(from decoder: any Decoder) throws {
        counts = try decoder.singleValueContainer().decode([String: Int].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(counts)
    }
}
