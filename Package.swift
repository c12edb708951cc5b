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

extension Target.Dependency {
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grdbSQLite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let jwtKit = product(name: "JWTKit", package: "jwt-kit")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
}

let package = Package(
    name: "caresync",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        platform("CareSyncCore"),
        platform("Persistence", ["CareSyncCore", .logging]),
        platform("PersistenceSQLite", ["CareSyncCore", "Persistence", .grdb, .grdbSQLite, .logging]),
        .systemLibrary(
            name: "CPostgres", path: "Sources/Platform/CPostgres", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]),
        platform("PersistencePostgres", ["CareSyncCore", "Persistence", "CPostgres", .logging]),
        .systemLibrary(name: "CCrypt", path: "Sources/Platform/CCrypt", providers: [.apt(["libcrypt-dev"])]),
        platform("Cryptography", ["CareSyncCore", "Persistence", "CCrypt", .crypto, .cryptoExtras, .jwtKit]),
        platform("WebAPI", ["CareSyncCore", "Persistence", .hummingbird, .nioCore, .nioHTTP1, .logging]),
        .target(
            name: "CareSyncTesting",
            dependencies: ["CareSyncCore", "Persistence", "PersistenceSQLite", .crypto, .logging],
            path: "Sources/CareSyncTesting", swiftSettings: strict),

        platformTests("CareSyncCore"),
        platformTests("Persistence", ["CareSyncCore", "CareSyncTesting", "PersistenceSQLite", .logging]),
        platformTests("Cryptography", ["CareSyncCore"]),
        platformTests("WebAPI", ["CareSyncCore", .hummingbird, .hummingbirdTesting]),
    ]
)
