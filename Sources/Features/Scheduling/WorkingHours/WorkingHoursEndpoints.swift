import CareSyncCore
import Directory
import WebAPI

struct WorkingHoursResponse: WireResponse {
    let doctorId: DoctorID
    let timeZone: String
    /// Whether these are the default hours.
    let isDefault: Bool
    let slotMinutes: Int
    let bufferBeforeMinutes: Int
    let bufferAfterMinutes: Int
    let minimumNoticeMinutes: Int
    let horizonDays: Int
    let paymentPolicy: PaymentPolicy
    let cancellationTerms: [CancellationStepBody]
    let days: [WorkingDayBody]
    /// After a change of the week, how many coming appointments lie outside it: they stay, until somebody moves or cancels
    /// them. Otherwise `null`.
    let affectedAppointments: Int?

    init(_ hours: WorkingHours, affected: Int? = nil, zone: ClinicZone) {
        doctorId = hours.settings.doctorID
        timeZone = zone.identifier
        isDefault = hours.spans.isEmpty
        slotMinutes = hours.settings.slotMinutes
        bufferBeforeMinutes = hours.settings.bufferBeforeMinutes
        bufferAfterMinutes = hours.settings.bufferAfterMinutes
        minimumNoticeMinutes = hours.settings.minimumNoticeMinutes
        horizonDays = hours.settings.horizonDays
        paymentPolicy = hours.settings.paymentPolicy
        cancellationTerms = CancellationStepBody.steps(of: hours.settings.cancellationTerms)
        days = WorkingDayBody.days(of: hours.spans.isEmpty ? WorkingWeek.standardSpans : hours.spans)
        affectedAppointments = affected
    }
}

struct WorkingHoursEndpoints: Sendable {
    let hours: WorkingHoursService

    var all: [Endpoint] {
        [
            .get(
                "/api/doctors/{id}/working-hours", "A doctor's working hours", "Any account.", access: .signedIn,
                fails: [SchedulingError.doctorNotFound], use: find),
            .put(
                "/api/doctors/{id}/working-hours", "Set when a doctor works",
                "The doctor or an administrator. What is absent stays as it is; `days` replaces the whole week.",
                access: .roles([.doctor, .admin]), fails: [SchedulingError.doctorNotFound], WorkingHoursError.catalogue,
                use: change),
        ]
    }

    func find(_ request: EndpointRequest<IDPath<DoctorTag>, NoBody>) async throws -> VersionedResponse<
        WorkingHoursResponse
    > {
        let found = try await hours.find(request.parameters.id)
        return VersionedResponse(WorkingHoursResponse(found, zone: hours.zone), version: found.version)
    }

    func change(_ request: EndpointRequest<IDPath<DoctorTag>, WorkingHoursRequest>) async throws
        -> VersionedResponse<WorkingHoursResponse>
    {
        let doctor = request.parameters.id
        let principal = try request.principal
        // The route names a person: somebody else is refused without a look-up.
        guard try principal.role == .admin || principal.requireDoctor() == doctor else { throw Problem.accessDenied }
        let metadata = request.metadata
        let changed = try await hours.change(request.body.change, of: doctor, origin: request.origin) {
            metadata.admitsChange(ofVersion: $0)
        }
        let response = WorkingHoursResponse(changed.hours, affected: changed.affected, zone: hours.zone)
        return VersionedResponse(response, version: changed.hours.version)
    }
}
