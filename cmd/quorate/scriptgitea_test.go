package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/quorate/quorate/internal/giteatest"
)

// TestGiteaScript runs the conversations in testdata/gitea, with a real Gitea: GITEA is where it is, and robot, ada and
// bob have tokens in ROBOT, ADA and BOB. The robot owns the repository robot/clusters, to which the others may write.
func TestGiteaScript(t *testing.T) {
	gitea := giteatest.Start(t)
	people := map[string]giteatest.Person{}
	for _, name := range []string{"robot", "ada", "bob"} {
		people[name] = gitea.Person(t, name)
	}
	robot := people["robot"]
	robot.Do(t, http.MethodPost, "/user/repos", map[string]any{"name": "clusters", "auto_init": true, "default_branch": "main"}, nil)
	for _, name := range []string{"ada", "bob"} {
		robot.Do(t, http.MethodPut, "/repos/robot/clusters/collaborators/"+name, map[string]any{"permission": "write"}, nil)
	}
	testscript.Run(t, conversations("testdata/gitea", func(env *testscript.Env) error {
		env.Setenv("GITEA", gitea.URL)
		for name, person := range people {
			env.Setenv(strings.ToUpper(name), person.Token)
		}
		env.Setenv("CLONE_URL", people["bob"].GitURL("robot/clusters"))
		env.Setenv("AWS_REGION", "us-east-1")
		return setup(env)
	}))
}

// ask sends a request to the API as the person, below the repository.
func ask(person, method, path, body string) []byte {
	request, err := http.NewRequest(method, os.Getenv("GITEA")+"/api/v1/repos/robot/clusters/"+path, strings.NewReader(body))
	leave(err)
	request.Header.Set("Authorization", "token "+os.Getenv(strings.ToUpper(person)))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	leave(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	leave(err)
	if answer.StatusCode >= 300 {
		leave(fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, data))
	}
	return data
}

// leave ends a program of a script that failed.
func leave(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// apiMain is the program: api PERSON METHOD PATH [JSON]
func apiMain() {
	fmt.Printf("%s\n", ask(os.Args[1], os.Args[2], os.Args[3], strings.Join(os.Args[4:], "")))
}

// statusesMain is the program: statuses COMMIT
//
// It prints every status that the commit ever had, the latest first, in a line each.
func statusesMain() {
	var all []struct {
		Status, Context, Description string
		TargetURL                    string `json:"target_url"`
	}
	leave(json.Unmarshal(ask("bob", http.MethodGet, "commits/"+os.Args[1]+"/statuses?sort=leastindex&limit=50", ""), &all))
	for _, s := range all {
		fmt.Printf("%s: %s: %s %s\n", s.Context, s.Status, s.Description, s.TargetURL)
	}
}

// commentsMain is the program: comments NUMBER
//
// It prints the comments of a pull request, with the seconds since they were written.
func commentsMain() {
	var all []struct {
		Body    string
		User    struct{ Login string }
		Updated time.Time `json:"updated_at"`
	}
	leave(json.Unmarshal(ask("bob", http.MethodGet, "issues/"+os.Args[1]+"/comments", ""), &all))
	for _, c := range all {
		fmt.Printf("%s, %d s ago: %s\n", c.User.Login, int(time.Since(c.Updated).Seconds()), c.Body)
	}
}

// largestMain is the program: largest GROUP [SIZE]
//
// It prints how large the group may become as AWS has it, or lets it be so large, as somebody does by hand.
func largestMain() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	leave(err)
	client, group := autoscaling.NewFromConfig(cfg), os.Args[1]
	if len(os.Args) > 2 {
		size, err := strconv.ParseInt(os.Args[2], 10, 32)
		leave(err)
		_, err = client.UpdateAutoScalingGroup(context.Background(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &group, MaxSize: aws.Int32(int32(size))})
		leave(err)
		return
	}
	out, err := client.DescribeAutoScalingGroups(context.Background(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{group}})
	leave(err)
	for _, g := range out.AutoScalingGroups {
		fmt.Println(aws.ToInt32(g.MaxSize))
	}
}
