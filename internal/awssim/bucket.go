package awssim

import (
	"encoding/xml"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// bucket belongs to the account. It may be in another region than the simulated one: requests for it
// are then sent there.
type bucket struct {
	Name    string
	Region  string
	Created time.Time
	Objects map[string]*object
}

// bucketName follows the naming rules of general purpose buckets.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// anyBucket finds a bucket wherever it is.
func (w *world) anyBucket(name string) (*bucket, error) {
	b, found := w.Buckets[name]
	if !found {
		return nil, refuseStatus(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	return b, nil
}

// bucket finds a bucket and sends requests for another region there.
func (w *world) bucket(in s3Request) (*bucket, error) {
	b, err := w.anyBucket(in.Bucket)
	if err != nil {
		return nil, err
	}
	if in.Region != b.Region {
		e := refuseStatus(http.StatusMovedPermanently, "PermanentRedirect",
			"The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")
		e.Region = b.Region
		return nil, e
	}
	return b, nil
}

type createBucketXML struct {
	XMLName            xml.Name `xml:"CreateBucketConfiguration"`
	LocationConstraint string
	unread
}

// createBucket makes it in the region that the body names; only us-east-1 goes without saying.
func (w *world) createBucket(in s3Request) (s3Answer, error) {
	var body createBucketXML
	if len(in.Body) > 0 {
		if err := xml.Unmarshal(in.Body, &body); err != nil {
			return s3Answer{}, refuse("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
	}
	if name, left := body.surplus(); left {
		return s3Answer{}, notImplemented("the element " + name)
	}
	if !bucketName.MatchString(in.Bucket) {
		return s3Answer{}, refuse("InvalidBucketName", "The specified bucket is not valid.")
	}
	region, err := constrained(in.Region, body.LocationConstraint)
	if err != nil {
		return s3Answer{}, err
	}
	made := s3Answer{header: map[string]string{"Location": "/" + in.Bucket}}
	if _, taken := w.Buckets[in.Bucket]; taken {
		if region == "us-east-1" { // as in the first years of S3
			return made, nil
		}
		return s3Answer{}, refuseStatus(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
	w.Buckets[in.Bucket] = &bucket{Name: in.Bucket, Region: region, Created: w.now(), Objects: map[string]*object{}}
	return made, nil
}

// constrained is the region that a bucket comes to be in.
func constrained(signed, location string) (string, error) {
	switch {
	case location == "" && signed == "us-east-1":
		return signed, nil
	case location == "us-east-1":
		return "", refuse("InvalidLocationConstraint", "The specified location-constraint is not valid")
	case location == "" || signed != "us-east-1" && location != signed:
		return "", refuse("IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", location)
	}
	return location, nil
}

func (w *world) headBucket(in s3Request) (s3Answer, error) {
	b, err := w.bucket(in)
	if err != nil {
		return s3Answer{}, err
	}
	return s3Answer{header: map[string]string{"x-amz-bucket-region": b.Region}}, nil
}

type locationXML struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
	Region  string   `xml:",chardata"`
}

// getBucketLocation is answered for every bucket, and is empty for us-east-1.
func (w *world) getBucketLocation(in s3Request) (s3Answer, error) {
	b, err := w.anyBucket(in.Bucket)
	if err != nil {
		return s3Answer{}, err
	}
	location := b.Region
	if location == "us-east-1" {
		location = ""
	}
	return s3Answer{xml: locationXML{Region: location}}, nil
}

func (w *world) deleteBucket(in s3Request) (s3Answer, error) {
	b, err := w.bucket(in)
	if err != nil {
		return s3Answer{}, err
	}
	if len(b.Objects) > 0 {
		return s3Answer{}, refuseStatus(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty")
	}
	delete(w.Buckets, b.Name)
	return s3Answer{status: http.StatusNoContent}, nil
}

type bucketXML struct {
	Name         string
	CreationDate time.Time
}

type listBucketsXML struct {
	XMLName xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
	OwnerID string      `xml:"Owner>ID"`
	Buckets []bucketXML `xml:"Buckets>Bucket"`
}

func (w *world) listBuckets(s3Request) (s3Answer, error) {
	out := listBucketsXML{OwnerID: w.account()}
	for _, name := range slices.Sorted(maps.Keys(w.Buckets)) {
		out.Buckets = append(out.Buckets, bucketXML{name, w.Buckets[name].Created.UTC().Truncate(time.Millisecond)})
	}
	return s3Answer{xml: out}, nil
}

// objectIDs name the objects: BUCKET/KEY.
func (w *world) objectIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, b := range w.Buckets {
			for key := range b.Objects {
				if !yield(b.Name + "/" + key) {
					return
				}
			}
		}
	}
}
