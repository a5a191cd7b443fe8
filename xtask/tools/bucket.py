"""Prepares the bucket of the local S3 server: `bucket.py ENDPOINT REGION BUCKET`, credentials in the environment."""

import sys

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

endpoint, region, bucket = sys.argv[1:]


def client(**credentials):
    settings = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return Session().create_client("s3", region_name=region, endpoint_url=endpoint, config=settings, **credentials)


s3 = client()
if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
    s3.create_bucket(Bucket=bucket)

# The server forgets this when it stops. Who may do what is in each URL's signature, so that any origin may ask.
rule = {
    "AllowedOrigins": ["*"],
    "AllowedMethods": ["GET", "PUT", "HEAD"],
    "AllowedHeaders": ["*"],
    "ExposeHeaders": ["ETag"],
}
s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})

try:
    client(aws_access_key_id="stranger", aws_secret_access_key="stranger").list_objects_v2(Bucket=bucket)
except ClientError:
    pass
else:
    sys.exit("the S3 server does not check signatures")
