// The Gitea that the tests run, in a module of its own so that Gitea itself is no dependency of the
// product. It is built in its own folder, with the versions of its own go.mod.
module github.com/quorate/quorate/internal/giteatest/server

go 1.26.0

require code.gitea.io/gitea v1.26.0
