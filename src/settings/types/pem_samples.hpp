#pragma once

#include <string_view>

namespace holdfast::settings {

// For tests: a self-signed certificate, its key, and the key under a pass phrase. They guard
// nothing; the certificate is valid for a hundred years and nobody checks.

inline constexpr std::string_view sample_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIUPT412lCRfPBKMeSWrBdaeRO3vDYwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc2FtcGxlIGF1dGhvcml0eTAgFw0yNjExMjIwODQxMzNaGA8y
MTI2MTAyOTA4NDEzM1owGzEZMBcGA1UEAwwQc2FtcGxlIGF1dGhvcml0eTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABL+oN+EfAK09yPG9BqBQoPH54caWxRSIv8XB
cRQalz8+u99KiEmR6zqkFMO1KNfOZK7+MHk1ZnBbi9QRtF80mHqjUzBRMB0GA1Ud
DgQWBBQLL8+oPVJyaOaolc3SDMFofRXGuzAfBgNVHSMEGDAWgBQLL8+oPVJyaOao
lc3SDMFofRXGuzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIAn9
UOvCORJ1eD8ioRw5xHNB3PA6QBoOIESrEG8PuLeJAiBX4mEz9oG3Luc8HL9y02GD
Bq+X9yNbZ5rg68QO/CFj8g==
-----END CERTIFICATE-----
)";

inline constexpr std::string_view sample_key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkNimH8sVL2aw7D8w
rjCzSOAgwB//VdZhaLV3usefsoWhRANCAAS/qDfhHwCtPcjxvQagUKDx+eHGlsUU
iL/FwXEUGpc/PrvfSohJkes6pBTDtSjXzmSu/jB5NWZwW4vUEbRfNJh6
-----END PRIVATE KEY-----
)";

inline constexpr std::string_view sample_encrypted_key = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBC5TemmB174LbEQ023m
uMS0AgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQxLoF2CwTZDUQyh9j
NaMyKgSBkMOuVftoA5mavuqu3yLnX5z+PcmJ4iry8gPff7pnbujdICkXrcJ16nKW
oaVtpPM3L7k59cISekjWlzOskw4baaKjXsQ9GA+P265PTvAsAxRAcnygh/uFFbxD
HCF/s5rwwrvcTgpeFlSP21PJWi+AxV4T1dxkD2srufieevztx864sg4SqlK2lG/9
vWO+Sa+GLw==
-----END ENCRYPTED PRIVATE KEY-----
)";

} // namespace holdfast::settings
