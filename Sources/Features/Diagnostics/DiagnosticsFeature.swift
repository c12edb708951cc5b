package import CareSyncCore
import FeatureContract
package import Persistence
package import WebAPI

/// Lab tests and what they cost.
package struct DiagnosticsFeature: Feature {
    package static let migrations = [LabTestSchema.migration]
    package let endpoints: [Endpoint]

    package init(database: any Database, zone: ClinicZone) {
        endpoints = LabTestEndpoints(tests: LabTestService(database: database), zone: zone).all
    }
}
