// swift-tools-version: 6.2
import PackageDescription

/// Flags of every target of ours. `.treatAllWarnings` does not reach the dependencies.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

func platform(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Platform/\(name)", swiftSettings: strict)
}

func platformTests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, path: "Tests/Platform/\(name)Tests",
        swiftSettings: strict)
}

/// Features import lower features only (Documentation/architecture.md): Identity, Directory, then Scheduling.
func feature(_ name: String, _ lower: [Target.Dependency]) -> Target {
    .target(
        name: name,
        dependencies: [
            "AuditTrail", "CareSyncCore", "Concurrency", "FeatureContract", "JSONCoding", "Mail", "Outbox",
            "Persistence", "Settings",
            "WebAPI",
        ] + lower,
        path: "Sources/Features/\(name)",
        swiftSettings: strict)
}

func featureTests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [
            "AuditTrail", "CareSyncCore", "CareSyncTesting", "Outbox", "Persistence", .byName(name: name),
        ] + dependencies,
        path: "Tests/Features/\(name)Tests", swiftSettings: strict)
}

extension Target.Dependency {
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let jwtKit = product(name: "JWTKit", package: "jwt-kit")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let logging = product(name: "Logging", package: "swift-log")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
}

let package = Package(
    name: "caresync",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        platform("CareSyncCore"),
        platform("Concurrency", ["CareSyncCore", .logging]),
        platform("Persistence", ["CareSyncCore", "Concurrency", .logging]),
        platform("AuditTrail", ["CareSyncCore", "Concurrency", "Persistence", .logging]),
        platform("Outbox", ["CareSyncCore", "Concurrency", "JSONCoding", "Persistence", .logging]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/Platform/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        platform("PersistenceSQLite", ["CareSyncCore", "Concurrency", "Persistence", "CSQLite", .logging]),
        .systemLibrary(
            name: "CPostgres", path: "Sources/Platform/CPostgres", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]),
        platform("PersistencePostgres", ["CareSyncCore", "Concurrency", "Persistence", "CPostgres", .logging]),
        .systemLibrary(name: "CCrypt", path: "Sources/Platform/CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(
            name: "COath", path: "Sources/Platform/COath", pkgConfig: "liboath", providers: [.apt(["liboath-dev"])]),
        .systemLibrary(name: "CCrack", path: "Sources/Platform/CCrack", providers: [.apt(["libcrack2-dev"])]),
        platform(
            "Cryptography",
            ["CareSyncCore", "Concurrency", "CCrack", "CCrypt", "COath", .crypto, .cryptoExtras, .jwtKit]),
        .systemLibrary(
            name: "CQREncode", path: "Sources/Platform/CQREncode", pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(
            name: "CPNG", path: "Sources/Platform/CPNG", pkgConfig: "libpng16", providers: [.apt(["libpng-dev"])]),
        platform("QRImages", ["CQREncode", "CPNG"]),
        .systemLibrary(
            name: "CCurl", path: "Sources/Platform/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        platform(
            "Mail",
            [
                "CareSyncCore", "Concurrency", "Cryptography", "HTTPClient", "Outbox", "Persistence", "CCurl",
                .mustache,
                .logging,
            ]),
        platform(
            "HTTPClient",
            ["CareSyncCore", .asyncHTTPClient, .nioCore, .nioHTTP1]),
        platform(
            "ObjectStorage",
            ["CareSyncCore", "Concurrency", "Cryptography", "HTTPClient", .crypto, .nioCore]),
        platform("PDF", ["CareSyncCore", "Concurrency"]),
        platform("Razorpay", ["CareSyncCore", "Cryptography", "HTTPClient", .nioCore]),
        platform("CareSyncMetrics", [.coreMetrics]),
        platform("JSONCoding", ["CareSyncCore"]),
        .systemLibrary(name: "CMagic", path: "Sources/Platform/CMagic", providers: [.apt(["libmagic-dev"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/Platform/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        platform("FileTypes", ["Concurrency", "CMagic", "CZlib"]),
        platform("SealedFiles", ["CareSyncCore", "Cryptography", "ObjectStorage", .nioCore]),
        platform(
            "HTTPServer",
            [
                "CareSyncCore", .hummingbirdCore, .httpTypes, .logging, .nioCore, .nioHTTP1, .nioPosix,
                .serviceLifecycle,
            ]),
        platform(
            "WebAPI",
            [
                "CareSyncCore", "Concurrency", "HTTPServer", "JSONCoding", "Persistence", .httpTypes, .nioCore,
                .nioHTTP1, .crypto,
                .logging,
            ]),

        platform("Settings", ["CareSyncCore"]),
        platform("FeatureContract", ["CareSyncCore", "Mail", "Outbox", "Persistence", "Settings", "WebAPI"]),

        feature("Identity", ["Cryptography", "QRImages", .logging]),
        feature("Operations", []),
        feature("Directory", ["Cryptography", "Identity", .logging]),
        feature("Scheduling", ["Cryptography", "Identity", "Directory", .logging]),
        feature(
            "Documents",
            [
                "Cryptography", "Identity", "Directory", "Scheduling", "FileTypes", "ObjectStorage", "SealedFiles",
                .logging,
            ]),
        feature(
            "Payments",
            [
                "CareSyncMetrics", "Cryptography", "Directory", "Identity", "PDF", "QRImages", "Razorpay",
                .logging,
            ]),
        feature("Reviews", ["Cryptography", "Directory", "Scheduling"]),
        feature("Diagnostics", ["Cryptography", "Directory", "Documents", "Payments", "Scheduling", .logging]),
        feature(
            "Records", ["Cryptography", "Identity", "Directory", "PDF", "QRImages", "Scheduling", .logging]),

        .target(
            name: "RazorpayStandIn",
            dependencies: [
                "CareSyncCore", "Concurrency", "Cryptography", "HTTPClient", "HTTPServer", .httpTypes, .logging,
                .nioCore,
                .nioHTTP1,
            ],
            path: "Sources/Vendors/RazorpayStandIn", swiftSettings: strict),
        .target(
            name: "CareSyncServer",
            dependencies: [
                "AuditTrail", "CareSyncCore", "CareSyncMetrics", "Concurrency", "Outbox", "Persistence",
                "PersistenceSQLite", "PersistencePostgres", "Cryptography", "FeatureContract", "HTTPServer", "Mail",
                "ObjectStorage", "PDF",
                "Razorpay", "RazorpayStandIn", "Settings", "WebAPI",
                "Identity", "Operations", "Directory", "Scheduling", "Payments", "Documents", "Records", "Reviews",
                "Diagnostics",
                .coreMetrics, .httpTypes, .logging, .serviceLifecycle, .unixSignals, .nioCore, .nioHTTP1,
            ],
            path: "Sources/CareSyncServer", swiftSettings: strict),
        .executableTarget(
            name: "caresync", dependencies: ["CareSyncCore", "CareSyncServer", "Settings", .argumentParser],
            path: "Sources/caresync",
            swiftSettings: strict),
        .executableTarget(
            name: "benchmark-seed",
            dependencies: ["CareSyncCore", "CareSyncServer", "Cryptography", "Identity", "Persistence", .logging],
            path: "Benchmarks/seed", swiftSettings: strict),
        .executableTarget(
            name: "benchmark-audit",
            dependencies: ["AuditTrail", "CareSyncCore", "CareSyncServer", "Persistence", .logging],
            path: "Benchmarks/audit", swiftSettings: strict),
        .executableTarget(
            name: "benchmark-slots",
            dependencies: ["CareSyncCore", "CareSyncServer", "Persistence", "Scheduling", .logging],
            path: "Benchmarks/slots", swiftSettings: strict),
        .executableTarget(
            name: "benchmark-json",
            dependencies: ["CareSyncCore", "HTTPServer", "JSONCoding", "WebAPI", .logging],
            path: "Benchmarks/json", swiftSettings: strict),
        .executableTarget(
            name: "benchmark-limits", dependencies: ["CareSyncCore", "WebAPI"], path: "Benchmarks/limits",
            swiftSettings: strict),
        .target(
            name: "CareSyncTesting",
            dependencies: [
                "AuditTrail", "CareSyncCore", "Concurrency", "Cryptography", "Outbox", "Persistence",
                "PersistenceSQLite", "PersistencePostgres", "CareSyncServer", "HTTPServer", "Identity", "Mail",
                "ObjectStorage", "Payments", "Razorpay", "RazorpayStandIn",
                "WebAPI", .httpTypes, .nioCore, .nioHTTP1, .nioPosix, .crypto, .logging,
            ],
            path: "Sources/CareSyncTesting",
            exclude: ["razorpay-client.py", "s3-server.py", "sign-requests.py", "smtp-server.py"],
            swiftSettings: strict),

        platformTests("CareSyncCore", ["CareSyncTesting"]),
        platformTests("Concurrency", ["CareSyncCore"]),
        platformTests(
            "Persistence",
            ["AuditTrail", "CareSyncCore", "CareSyncTesting", "Outbox", "PersistenceSQLite", .crypto, .logging]),
        platformTests("AuditTrail", ["CareSyncCore", "CareSyncTesting", "Persistence", .crypto, .logging]),
        platformTests("Outbox", ["CareSyncCore", "CareSyncTesting", "Persistence", .logging]),
        platformTests(
            "PersistencePostgres",
            ["AuditTrail", "CareSyncCore", "CareSyncTesting", "Concurrency", "Outbox", "Persistence", .logging]),
        platformTests("Cryptography", ["CareSyncCore"]),
        platformTests("CareSyncMetrics", ["CareSyncTesting", .coreMetrics]),
        platformTests("JSONCoding", ["CareSyncCore"]),
        platformTests("HTTPServer", ["CareSyncTesting", .httpTypes, .logging, .nioCore, .nioHTTP1, .nioPosix]),
        platformTests("QRImages"),
        platformTests("PDF", ["CareSyncCore", "CareSyncTesting", "QRImages"]),
        platformTests(
            "Mail",
            [
                "CareSyncCore", "CareSyncTesting", "Concurrency", "Cryptography", "Outbox", "Persistence",
                .hummingbird, .httpTypes, .nioCore, .logging,
            ]),
        platformTests("HTTPClient", ["CareSyncCore", "CareSyncTesting", .nioCore]),
        platformTests(
            "Razorpay",
            [
                "CareSyncCore", "CareSyncTesting", "Cryptography", "HTTPClient", "RazorpayStandIn", .logging, .nioCore,
            ]),
        platformTests(
            "ObjectStorage",
            ["CareSyncCore", "CareSyncTesting", "Concurrency", "Cryptography", "HTTPClient", .crypto, .nioCore]),
        platformTests(
            "WebAPI",
            [
                "CareSyncCore", "CareSyncTesting", "HTTPServer", "JSONCoding", "Persistence", .httpTypes, .nioCore,
                .nioPosix, .logging,
            ]),
        .testTarget(
            name: "ExampleTests",
            dependencies: [
                "AuditTrail", "CareSyncCore", "CareSyncTesting", "Cryptography", "Directory", "FeatureContract",
                "Identity",
                "Outbox",
                "Persistence", "WebAPI", .httpTypes, .nioCore, .logging,
            ],
            path: "Tests/Platform/ExampleTests", swiftSettings: strict),
        .testTarget(
            name: "CareSyncServerTests",
            dependencies: [
                "AuditTrail", "CareSyncCore", "CareSyncMetrics", "CareSyncServer", "CareSyncTesting", "Cryptography",
                "Directory", "FeatureContract", "Identity", "ObjectStorage", "Outbox", "Persistence", "Settings",
                "WebAPI",
                .httpTypes, .logging,
            ],
            path: "Tests/CareSyncServerTests", exclude: ["Matrix/authorization-matrix.tsv"], swiftSettings: strict),
        featureTests(
            "Reviews", ["CareSyncServer", "Cryptography", "Directory", "Identity", "Scheduling", .httpTypes, .logging]),
        featureTests(
            "Diagnostics",
            [
                "CareSyncServer", "Cryptography", "Directory", "Documents", "FeatureContract", "Payments", "Scheduling",
                "WebAPI", .httpTypes,
            ]),
        featureTests(
            "Payments",
            [
                "CareSyncMetrics", "CareSyncServer", "Concurrency", "Cryptography", "Directory", "FeatureContract",
                "HTTPClient", "Identity", "Mail", "QRImages", "Razorpay", "RazorpayStandIn", "WebAPI", .httpTypes,
                .logging,
            ]),
        featureTests(
            "Scheduling", ["CareSyncServer", "Directory", "FeatureContract", "Identity", "Payments", .httpTypes]),
        featureTests(
            "Records",
            ["CareSyncServer", "Cryptography", "Directory", "Identity", "PDF", "Scheduling", "WebAPI", .httpTypes]),
        featureTests(
            "Documents",
            [
                "CareSyncServer", "Cryptography", "Directory", "FileTypes", "Identity", "ObjectStorage", "Scheduling",
                .httpTypes, .nioCore,
            ]),
        platformTests("FileTypes", ["CareSyncTesting"]),
        platformTests("SealedFiles", ["CareSyncCore", "CareSyncTesting", "Cryptography", "ObjectStorage", .nioCore]),
        featureTests(
            "Identity",
            ["CareSyncServer", "Cryptography", "Mail", "WebAPI", .httpTypes, .logging, .nioCore]),
        featureTests(
            "Directory",
            ["Cryptography", "Identity", "WebAPI", .logging, .httpTypes, .nioCore]),
    ]
)
