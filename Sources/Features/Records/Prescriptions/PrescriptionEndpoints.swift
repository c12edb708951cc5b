import CareSyncCore
import Logging
import PDF
import Scheduling
import WebAPI

struct PrescriptionPath: Codable, Sendable, Documented {
    let code: String

    static let notes: [String: FieldNote] = ["code": "The code on the paper, as its link has it."]
}

/// Whether a printed prescription is genuine, for whoever holds it.
struct PrescriptionResponse: WireResponse, Documented {
    let valid: Bool
    let status: PrescriptionStatus
    let issuedOn: LocalDate
    let doctorName: String

    static let notes: [String: FieldNote] = [
        "valid": "Whether the prescription stands as it was printed.", "issuedOn": "The day of issue.",
        "doctorName": "The doctor's name on that day.",
    ]

    init(_ found: IssuedPrescription, zone: ClinicZone) {
        valid = found.status == .valid
        status = found.status
        issuedOn = zone.date(at: found.issuedAt)
        doctorName = found.doctor.name
    }

    var page: HTMLPage {
        let verdict =
            switch status {
            case .valid: "This prescription is valid."
            case .replaced: "This prescription is no longer valid: the doctor has replaced it."
            case .withdrawn: "This prescription is no longer valid: the doctor has withdrawn it."
            }
        return HTMLPage(
            title: "Prescription", heading: verdict,
            facts: [("Issued on", issuedOn.description), ("By", "Dr. \(doctorName)")])
    }
}

enum PrescriptionError: FailureCatalogue, CaseIterable {
    case notFound, nothingPrescribed

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "PRESCRIPTION_NOT_FOUND", "There is no prescription with this code.")
        case .nothingPrescribed: Problem(.notFound, "NOTHING_PRESCRIBED", "The entry prescribes nothing.")
        }
    }
}

/// The printed prescription, and what the QR code on it leads to (rules/medical-records 11).
struct PrescriptionEndpoints: Sendable {
    let prescriptions: PrescriptionService
    let renderer: PDFRenderer
    let logger: Logger

    var all: [Endpoint] { [verifying, printing] }

    private var verifying: Endpoint {
        .get(
            "/public/prescriptions/{code}", "Whether a printed prescription is valid",
            "Whoever holds the code. Nothing of the patient is told. Browsers get a page.", access: .public,
            fails: [PrescriptionError.notFound], settings: .code, use: verify)
    }

    private var printing: Endpoint {
        .get(
            "/api/medical-history/{id}/prescription.pdf", "The prescription of an entry, to be printed",
            "Patients, their own; verified doctors who treat the patient. A QR code leads to its check.",
            access: .roles([.patient, .doctor]), fails: [HistoryError.notFound], [PrescriptionError.nothingPrescribed],
            [SchedulingError.doctorNotVerified], [PDFError.unavailable, .tooLarge], settings: .expensive
        ) { (request: EndpointRequest<IDPath<HistoryTag>, NoBody>) in
            let id = request.parameters.id
            let sheet = try await prescriptions.sheet(of: id, by: try request.principal, origin: request.origin)
            let document = try PrescriptionPage(sheet).document(at: prescriptions.now)
            let file = try await renderer.file(of: document)
            if file.missingGlyphs > 0 {
                logger.warning(
                    "a printed prescription has characters that no installed font has",
                    metadata: ["entry": "\(id)", "characters": "\(file.missingGlyphs)"])
            }
            return FileResponse(
                bytes: file.bytes, contentType: "application/pdf",
                downloadName: "prescription-\(id).pdf")
        }
    }

    func verify(_ request: EndpointRequest<PrescriptionPath, NoBody>) async throws -> PageResponse<
        PrescriptionResponse
    > {
        guard let found = try await prescriptions.find(code: request.parameters.code) else {
            throw PrescriptionError.notFound
        }
        let response = PrescriptionResponse(found, zone: prescriptions.context.zone)
        return PageResponse(response, page: response.page)
    }
}
