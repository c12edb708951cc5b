import Diagnostics
import Directory
import Documents
import FeatureContract
import Identity
import Operations
import Payments
import Records
import Reviews
import Scheduling

/// Every feature, lower ones first. Their tables and settings are known before anything is built.
enum FeatureList {
    static let all: [any Feature.Type] = [
        IdentityFeature.self, OperationsFeature.self, DirectoryFeature.self, SchedulingFeature.self,
        PaymentsFeature.self, DocumentsFeature.self, RecordsFeature.self, ReviewsFeature.self, DiagnosticsFeature.self,
    ]
}
