package import CareSyncCore
package import Directory
package import FeatureContract
package import Persistence
package import Scheduling
package import WebAPI

/// What patients say about their doctors.
package struct ReviewsFeature: Feature {
    package static let migrations = [ReviewSchema.migration]
    package static let sealedColumns = [SealedColumn("reviews", "comment")]
    package let endpoints: [Endpoint]

    package init(database: any Database, vault: PatientVault, zone: ClinicZone, scheduling: SchedulingFeature) {
        let reviews = ReviewService(database: database, vault: vault, zone: zone)
        endpoints = ReviewEndpoints(reviews: reviews, scheduling: scheduling).all
    }
}
