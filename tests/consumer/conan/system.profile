# What upkeep needs, as Debian 12 packages it: Conan asks no remote for these.
[platform_requires]
boost/1.81.0
xsimd/8.1.0
xxhash/0.8.1
sqlite3/3.40.1
openssl/3.0.19
cpp-httplib/0.11.4
