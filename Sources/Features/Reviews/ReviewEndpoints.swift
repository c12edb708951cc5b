import CareSyncCore
import Directory
import JSONCoding
import Scheduling
import WebAPI

struct WriteReviewRequest: Codable, Sendable, Validated, Documented {
    var appointmentId: AppointmentID
    var doctorId: DoctorID?
    var rating: Int
    var comment: String?
    var anonymous: Bool?

    static let rules: [Rule<Self>] = [
        ReviewRules.stars { $0.rating }, .text("comment", \.comment, .paragraph, ReviewRules.longestComment),
    ]

    static let notes: [String: FieldNote] = [
        "doctorId": "May be left out; otherwise the appointment's doctor.", "rating": "One to five stars.",
        "comment": "What the patient has to say.",
        "anonymous": FieldNote("Whether only administrators learn who wrote it.", default: false),
    ]

    var review: NewReview {
        NewReview(
            appointment: appointmentId, doctor: doctorId, rating: rating, comment: TextSort.content(of: comment),
            isAnonymous: anonymous ?? false)
    }
}

/// What is absent stays as it is.
struct ChangeReviewRequest: Codable, Sendable, Validated, Documented {
    var rating: Int?
    var comment: Patch<String>
    var anonymous: Bool?

    static let rules: [Rule<Self>] = [ReviewRules.stars { $0.rating }, ReviewRules.comment { $0.comment.value }]

    static let notes: [String: FieldNote] = [
        "rating": "One to five stars.", "comment": "The new comment; an empty one or `null` removes it.",
        "anonymous": "Whether only administrators learn who wrote it.",
    ]

    var change: ReviewService.Change {
        ReviewService.Change(rating: rating, comment: comment, isAnonymous: anonymous)
    }
}

enum ReviewRules {
    static let longestComment = 1_000

    static func stars<Root>(_ rating: @escaping @Sendable (Root) -> Int?) -> Rule<Root> {
        let (least, most) = (DoctorRatings.stars.lowerBound, DoctorRatings.stars.upperBound)
        return Rule("rating", .range(minimum: Int64(least), maximum: Int64(most))) { root in
            rating(root).flatMap { DoctorRatings.stars.contains($0) ? nil : "must be from \(least) to \(most)" }
        }
    }

    static func comment<Root>(_ comment: @escaping @Sendable (Root) -> String?) -> Rule<Root> {
        let sort = TextSort.paragraph
        return Rule(
            "comment", .text(minimum: nil, maximum: longestComment, pattern: sort.pattern(needsContent: false))
        ) { root in comment(root).flatMap { sort.complaint($0, limit: longestComment) } }
    }
}

struct DoctorReviewsParameters: Codable, Sendable, PagedParameters {
    var doctorId: DoctorID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct PatientReviewsParameters: Codable, Sendable, PagedParameters {
    var patientId: PatientID
    var page: Int?
    var size: Int?

    static let rules = Rule<Self>.paging
}

struct RatedDoctorPath: Codable, Sendable {
    var doctorId: DoctorID
}

struct ReviewedAppointmentPath: Codable, Sendable {
    var appointmentId: AppointmentID
}

struct ReviewEndpoints: Sendable {
    let reviews: ReviewService
    let scheduling: SchedulingFeature

    private static let base = "/api/feedback"

    var all: [Endpoint] { writing + reading + ratings }

    private var writing: [Endpoint] {
        [
            .post(
                Self.base, "Review a doctor",
                "Patients, once for each completed appointment of theirs.", access: .role(.patient),
                fails: ReviewError.refusedWriting, use: write),
            .put(
                "\(Self.base)/{id}", "Change a review", "Patients, their own. What is absent stays as it is.",
                access: .role(.patient), fails: [ReviewError.notFound, .patientErased], use: change),
            .delete(
                "\(Self.base)/{id}", "Remove a review", "Patients, their own; administrators, any.",
                access: .roles([.patient, .admin]), fails: [ReviewError.notFound], use: remove),
        ]
    }

    private var reading: [Endpoint] {
        [
            .get(
                "\(Self.base)/{id}", "A review",
                "Patients, their own; doctors, those about them; administrators, any.",
                access: .roles([.patient, .doctor, .admin]), fails: [ReviewError.notFound], use: find),
            .get(
                "\(Self.base)/patient/pending", "My appointments that wait for a review",
                "Patients, their own completed ones, by start.", access: .role(.patient), use: pending),
            .get(
                "\(Self.base)/doctor/{doctorId}", "Reviews of a doctor",
                "Any account. The newest day first; without what would tell who wrote an anonymous one.",
                access: .signedIn, fails: [ReviewError.doctorNotFound], use: listOfDoctor),
            .get(
                "\(Self.base)/patient/{patientId}", "Reviews of a patient",
                "Patients, their own; administrators, anybody's. The newest first.",
                access: .roles([.patient, .admin]), subject: .patient("patientId"),
                fails: [ReviewError.patientNotFound], use: listOfPatient),
            .get(
                "\(Self.base)/appointment/{appointmentId}", "The review of an appointment",
                """
                Patients and doctors, of their own appointments; administrators, of any. \
                An anonymous review is unknown to the doctor.
                """,
                access: .roles([.patient, .doctor, .admin]), fails: [ReviewError.notFound], use: findOfAppointment),
        ]
    }

    private var ratings: [Endpoint] {
        [
            .get(
                "\(Self.base)/doctor/{doctorId}/average-rating", "A doctor's mean rating", "Any account.",
                access: .signedIn, fails: [ReviewError.doctorNotFound], use: average),
            .get(
                "\(Self.base)/doctor/{doctorId}/rating-distribution", "How often a doctor got how many stars",
                "Any account. Stars that were never given are left out.", access: .signedIn,
                fails: [ReviewError.doctorNotFound], use: distribution),
        ]
    }

    func write(_ request: EndpointRequest<NoParameters, WriteReviewRequest>) async throws -> IdempotentResponse<
        ReviewResponse
    > {
        let outcome = try await reviews.write(
            request.body.review, by: try request.principal.requirePatient(), origin: request.origin,
            once: try request.idempotency(response))
        return try IdempotentResponse.from(outcome, response)
    }

    func change(_ request: EndpointRequest<IDPath<ReviewTag>, ChangeReviewRequest>) async throws -> ReviewResponse {
        try response(
            await reviews.change(
                request.parameters.id, request.body.change, by: request.principal.requirePatient(),
                origin: request.origin))
    }

    func remove(_ request: EndpointRequest<IDPath<ReviewTag>, NoBody>) async throws -> MessageResponse {
        try await reviews.remove(
            request.parameters.id, by: try ReviewReader(request.principal), origin: request.origin)
        return MessageResponse(message: "The review was removed.")
    }

    func find(_ request: EndpointRequest<IDPath<ReviewTag>, NoBody>) async throws -> ReviewResponse {
        try response(
            await reviews.find(request.parameters.id, for: ReviewReader(request.principal), origin: request.origin))
    }

    func findOfAppointment(
        _ request: EndpointRequest<ReviewedAppointmentPath, NoBody>
    ) async throws -> ReviewResponse {
        try response(
            await reviews.find(
                of: request.parameters.appointmentId, for: ReviewReader(request.principal), origin: request.origin))
    }

    func pending(_ request: EndpointRequest<PageParameters, NoBody>) async throws -> PagedResponse<
        PatientAppointmentResponse
    > {
        PagedResponse(
            try await scheduling.completedAppointments(
                of: request.principal.requirePatient(), where: ReviewRepository.isMissing,
                request.parameters.request))
    }

    func listOfDoctor(_ request: EndpointRequest<DoctorReviewsParameters, NoBody>) async throws -> PagedResponse<
        ReviewResponse
    > {
        let found = try await reviews.list(
            of: request.parameters.doctorId, for: ReviewReader(request.principal), request.parameters.request,
            origin: request.origin)
        return PagedResponse(try found.map(response))
    }

    func listOfPatient(_ request: EndpointRequest<PatientReviewsParameters, NoBody>) async throws -> PagedResponse<
        ReviewResponse
    > {
        let patient = request.parameters.patientId
        let principal = try request.principal
        // The route names a person: somebody else is refused without a look-up.
        guard try principal.role == .admin || principal.requirePatient() == patient else { throw Problem.accessDenied }
        let found = try await reviews.list(
            of: patient, for: ReviewReader(principal), request.parameters.request, origin: request.origin)
        return PagedResponse(try found.map(response))
    }

    func average(_ request: EndpointRequest<RatedDoctorPath, NoBody>) async throws -> AverageRatingResponse {
        let doctor = request.parameters.doctorId
        return AverageRatingResponse(doctorId: doctor, averageRating: try await reviews.ratings(of: doctor).mean)
    }

    func distribution(
        _ request: EndpointRequest<RatedDoctorPath, NoBody>
    ) async throws -> RatingDistributionResponse {
        RatingDistributionResponse(try await reviews.ratings(of: request.parameters.doctorId))
    }

    @Sendable private func response(_ review: Review) throws -> ReviewResponse {
        ReviewResponse(review, zone: reviews.zone)
    }
}
