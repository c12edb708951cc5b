import CareSyncCore
import WebAPI

struct WorkingHoursResponse: WireResponse {
    let doctorId: DoctorID
    let timeZone: String
    /// Whether these are the hours of every doctor who has set none.
    let isDefault: Bool
    let slotMinutes: Int
    let bufferBeforeMinutes: Int
    let bufferAfterMinutes: Int
    let minimumNoticeMinutes: Int
    let horizonDays: Int
    let paymentPolicy: PaymentPolicy
    let days: [WorkingDayBody]

    init(_ hours: WorkingHours, zone: ClinicZone) {
        doctorId = hours.settings.doctorID
        timeZone = zone.identifier
        isDefault = hours.spans.isEmpty
        slotMinutes = hours.settings.slotMinutes
        bufferBeforeMinutes = hours.settings.bufferBeforeMinutes
        bufferAfterMinutes = hours.settings.bufferAfterMinutes
        minimumNoticeMinutes = hours.settings.minimumNoticeMinutes
        horizonDays = hours.settings.horizonDays
        paymentPolicy = hours.settings.paymentPolicy
        let spans = Dictionary(
            grouping: hours.spans.isEmpty ? WorkingWeek.standardSpans : hours.spans, by: \.weekday)
        days = spans.keys.sorted().map { weekday in
            let today = (spans[weekday] ?? []).sorted { $0.range.start < $1.range.start }
            return WorkingDayBody(
                weekday: weekday, windows: today.filter { $0.kind == .work }.map { ClockSpan($0.range) },
                breaks: today.filter { $0.kind == .pause }.map { ClockSpan($0.range) })
        }
    }
}

struct WorkingHoursEndpoints: Sendable {
    let hours: WorkingHoursService
    let zone: ClinicZone

    var all: [Endpoint] {
        [
            .get(
                "/api/doctors/{id}/working-hours", "When a doctor works", access: .signedIn,
                fails: DoctorError.catalogue,
                use: find),
            .put(
                "/api/doctors/{id}/working-hours", "Set when a doctor works: the doctor or an administrator",
                access: .roles([.doctor, .admin]), fails: DoctorError.catalogue, use: replace),
        ]
    }

    func find(_ request: EndpointRequest<IDPath<DoctorTag>, NoBody>) async throws -> WorkingHoursResponse {
        WorkingHoursResponse(try await hours.find(request.parameters.id), zone: zone)
    }

    func replace(_ request: EndpointRequest<IDPath<DoctorTag>, WorkingHoursRequest>) async throws
        -> WorkingHoursResponse
    {
        let doctor = request.parameters.id
        let principal = try request.principal
        // The route names a person: somebody else is refused without a look (RULINGS C7).
        guard try principal.role == .admin || principal.requireDoctor() == doctor else { throw Problem.accessDenied }
        return WorkingHoursResponse(
            try await hours.replace(request.body, of: doctor, origin: request.origin), zone: zone)
    }
}
