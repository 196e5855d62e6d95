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

/// Of no certificate here.
inline constexpr std::string_view other_key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMQbuPHjTEqwPR58b
pEMesL0xIaiCEvyiQMc8VlCZoaahRANCAASZmLHy1ip2UzFSugAED+XEN9Cf/QfK
9008KTPhHUhJFz6RPkPRT8qbvO5GhvBNk1lq6ROEbeL2+E8UY3riUv3X
-----END PRIVATE KEY-----
)";

/// RSA with 1024 bits: a pair, but too weak for TLS.
inline constexpr std::string_view weak_certificate = R"(-----BEGIN CERTIFICATE-----
MIIB/DCCAWWgAwIBAgIUR7phlAhO1wATryyJZdQaHrIfju4wDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEd2VhazAgFw0yNjExMjMwMjA3NThaGA8yMTI2MTAzMDAy
MDc1OFowDzENMAsGA1UEAwwEd2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkC
gYEA1ahwfwmgzgWX5Nec/UHWISt1PWuTdRKsIX9wjHErY8WFAzcajApD2QOOSZX1
ZcQqA9cTHJNtPmyY52YwYWf0jtTaJ7WTXubEd0I7mZlgUu1174zpTr+K5gO5zuzF
BItr+FwwcKdFOtH+8cxHfEQ+cPzAfawiYPq9VsCw6Bh+GkECAwEAAaNTMFEwHQYD
VR0OBBYEFLvse4s9bRE1AvWkl1mIoGWVW5yeMB8GA1UdIwQYMBaAFLvse4s9bRE1
AvWkl1mIoGWVW5yeMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEA
VkCp4C9J399r7ybHB1Dj6HespUU0SseFY7H0vSc1GApzaxmr3rBrmiEWVlKDRcGx
04bAAjGvfgoBPe7614d/ATY0BIDvc2AIAJxdlKLa4YkEi4ifs9NmNHMLlp30XCfc
pjsb5LMjDhqlucy+sGI6kA2J5Jr8y5FmBmg9vlD9uLk=
-----END CERTIFICATE-----
)";
inline constexpr std::string_view weak_key = R"(-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANWocH8JoM4Fl+TX
nP1B1iErdT1rk3USrCF/cIxxK2PFhQM3GowKQ9kDjkmV9WXEKgPXExyTbT5smOdm
MGFn9I7U2ie1k17mxHdCO5mZYFLtde+M6U6/iuYDuc7sxQSLa/hcMHCnRTrR/vHM
R3xEPnD8wH2sImD6vVbAsOgYfhpBAgMBAAECgYBgr2WhB2Feecd/xlaDgLx+rCTU
046aBwYf7oSm+TtyXdrQVqpLvwVu+h30jMjM8ZU1wakjYE+qVQhohqTUH2/aMymE
O5D2vr2XEu+GLif/MaE9AuSnRbAhUJ//k1AYSOMPF9rK+nS2sEM4IjPfJ0JeBXTz
gzm+7lsVT3DSN7nHsQJBAOuemnE/rbmesXip9RyX7ODKCBEh1VXhdomKNEULMesW
G3PzgkLfIccaDEDjrVOLFQr7kIYCjEdUMJ4k9jTWey0CQQDoI4i7/+guo1O4IIcH
cjalSDCulOFqxZxA8/JLH9S07+SZXArgL0q2IOCPZ1phf9uqVucfS08cV24n8v0C
4HflAkBIv8i5zMqL9GahdgB7WqFF6rtA5uxivuGFqAlphAJero29aGNA2Hoqam18
H5AlqlzN7kx6RBEh+Oml+o2WVN7lAkEA1sPJROVFEaDZW4f8ZM8t70wSffIPepDI
Nu96QjZ4u80VWSzmgvI91LImD4Y2/+0idT1hJnqt/jKFH0CXA4pYYQJAOgtayVlY
rJld8U6xR+PYD3AxsIX+WO34wtG8TQKjcIOQatdjCI0awAtXzIXhOiER34XjEVE0
WjOc6+sK6tb8Jw==
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
