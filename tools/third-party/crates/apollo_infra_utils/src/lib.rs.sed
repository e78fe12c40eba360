# As in Cargo.toml. The macro that names it is expanded nowhere.
21,22d
