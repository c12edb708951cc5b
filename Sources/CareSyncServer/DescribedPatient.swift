import CareSyncCore
import Directory
import Identity
import Persistence
import WebAPI

/// A patient as Directory shows them, inside a response of another feature.
struct DescribedPatient: WireValue, DescribedAs {
    private let response: AnyWireResponse

    private init(_ response: AnyWireResponse) {
        self.response = response
    }

    /// `nil` when there is no such patient.
    static func find(_ id: PatientID, _ profiles: AccountProfiles, _ db: any Connection) throws -> DescribedPatient? {
        guard let account = try IdentityFeature.account(UserID(id), db: db), account.role == .patient else {
            return nil
        }
        return DescribedPatient(try profiles.describe(db, account))
    }

    init(from decoder: any Decoder) throws {
        response = try AnyWireResponse(from: decoder)
    }

    func encode(to encoder: any Encoder) throws { try response.encode(to: encoder) }

    /// What Directory shows a patient as.
    static var described: any Decodable.Type {
        for shape in DirectoryFeature.profileShapes where shape.value == Role.patient.rawValue { return shape.type }
        return MessageResponse.self
    }

    static var sample: DescribedPatient? { DescribedPatient(AnyWireResponse(MessageResponse(message: ""))) }
}
