//! The CloudFormation template: everything that `sealift bootstrap` makes except for the mark, and roles with the
//! printed policies. The mark needs the deployment's database, so the first start of the server writes it.

use sealift_keyring::KeyArn;
use serde_json::{Map, Value, json};

use super::{
    AwsPolicyError, alias_in,
    statement::{Names, Principal, StoreKey, key_policy},
    store_key,
};
use crate::{
    config::Config,
    lifetimes::LEAST_DAYS_OF_BUCKET_RULE,
    objects::{
        UNFINISHED_RULE,
        cors::{EXPOSED_HEADERS, MAX_AGE_SECONDS, METHODS, headers_of_pages},
    },
};

/// Returns the template of a deployment with these settings, with a role for each of the principals.
///
/// # Errors
/// Returns [`AwsPolicyError::NoBucket`] if the settings name no bucket, and [`AwsPolicyError::NotAnArn`] if they name a
/// key by the ARN of something else.
pub fn cloudformation(config: &Config, principals: &[Principal]) -> Result<Value, AwsPolicyError> {
    let s3 = crate::objects::bucket_of(config).ok_or(AwsPolicyError::NoBucket)?;
    let mut resources = Map::new();
    let mut outputs = Map::new();
    resources.insert("Bucket".to_owned(), bucket(config));
    let key = match config.kms_key.as_deref().map(|key| (key, alias_in(key))) {
        None => None,
        Some((_, Some(alias))) => {
            resources.insert("Key".to_owned(), kept("AWS::KMS::Key", key_properties()));
            let alias = json!({ "AliasName": alias, "TargetKeyId": { "Ref": "Key" } });
            resources.insert("Alias".to_owned(), resource("AWS::KMS::Alias", alias));
            Some(json!({ "Fn::GetAtt": ["Key", "Arn"] }))
        }
        Some((key, None)) => Some(key_of(key)?),
    };
    if let Some(key) = &key {
        let about = "The KMS key that encrypts the data keys";
        outputs.insert("KeyArn".to_owned(), output(about, key.clone()));
    }
    let names = Names {
        bucket: json!({ "Fn::GetAtt": ["Bucket", "Arn"] }),
        objects: sub(&format!("${{Bucket.Arn}}/{}/*", s3.prefix)),
        key,
        old_keys: Vec::new(),
        store_key: match config.encryption.kms_key.as_deref() {
            None => None,
            Some(key) => key_of_the_store(key)?,
        },
    };
    for &principal in principals {
        let (name, about) = role_of(principal);
        let policy = json!({ "PolicyName": "sealift", "PolicyDocument": names.policy(principal) });
        let properties = json!({
            "Description": about,
            "AssumeRolePolicyDocument": trust(principal),
            "Policies": [policy],
        });
        resources.insert(name.to_owned(), resource("AWS::IAM::Role", properties));
        let arn = json!({ "Fn::GetAtt": [name, "Arn"] });
        outputs.insert(format!("{name}Arn"), output(about, arn));
    }
    if principals.contains(&Principal::Server) {
        let profile = json!({ "Roles": [{ "Ref": "ServerRole" }] });
        resources.insert(
            "ServerProfile".to_owned(),
            resource("AWS::IAM::InstanceProfile", profile),
        );
        let about = "The instance profile for a server on EC2";
        let name = json!({ "Ref": "ServerProfile" });
        outputs.insert("ServerProfileName".to_owned(), output(about, name));
    }
    let mut template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Bucket, KMS key and roles of a Sealift deployment. Bucket and key stay if the stack is deleted.",
        "Resources": resources,
        "Outputs": outputs,
    });
    if principals
        .iter()
        .any(|&principal| principal != Principal::Reader)
        && let Some(template) = template.as_object_mut()
    {
        template.insert("Parameters".to_owned(), parameters());
    }
    Ok(template)
}

/// Returns the ARN of a key that the settings name by its id or ARN.
fn key_of(key: &str) -> Result<Value, AwsPolicyError> {
    match KeyArn::parse(key) {
        Some(arn) => Ok(json!(arn.whole)),
        None if key.starts_with("arn:") => Err(AwsPolicyError::NotAnArn {
            given: key.to_owned(),
        }),
        None => Ok(of_account(key)),
    }
}

fn of_account(key: &str) -> Value {
    sub(&format!(
        "arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:key/{key}"
    ))
}

/// Names the key with which the store itself encrypts; `None` for a key of AWS, which needs no permission.
fn key_of_the_store(key: &str) -> Result<Option<StoreKey>, AwsPolicyError> {
    if let Some(arn) = KeyArn::parse(key) {
        return Ok(Some(store_key(arn)));
    }
    let alias = alias_in(key);
    let resource = match alias {
        // The key that has the alias is not known before the template is used.
        Some(_) => of_account("*"),
        None if key.contains("alias/") => return Ok(None),
        None => key_of(key)?,
    };
    Ok(Some(StoreKey {
        resource,
        via: sub("s3.${AWS::Region}.${AWS::URLSuffix}"),
        alias: alias.map(str::to_owned),
    }))
}

fn parameters() -> Value {
    json!({ "ServerService": {
        "Type": "String",
        "Description": "The service on which the Sealift server runs",
        "Default": "ec2.amazonaws.com",
        "AllowedValues": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"],
    }})
}

fn bucket(config: &Config) -> Value {
    let mut properties = json!({
        "BucketName": config.bucket,
        "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "IgnorePublicAcls": true,
            "BlockPublicPolicy": true,
            "RestrictPublicBuckets": true,
        },
        "LifecycleConfiguration": { "Rules": [{
            "Id": UNFINISHED_RULE,
            "Status": "Enabled",
            "Prefix": format!("{}/", config.prefix),
            "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": LEAST_DAYS_OF_BUCKET_RULE },
        }]},
    });
    if !config.page_origins.is_empty()
        && let Some(properties) = properties.as_object_mut()
    {
        let rule = json!({ "CorsRules": [{
            "AllowedOrigins": config.page_origins,
            "AllowedMethods": METHODS,
            "AllowedHeaders": headers_of_pages(&config.encryption),
            "ExposedHeaders": EXPOSED_HEADERS,
            "MaxAge": MAX_AGE_SECONDS,
        }]});
        properties.insert("CorsConfiguration".to_owned(), rule);
    }
    kept("AWS::S3::Bucket", properties)
}

fn key_properties() -> Value {
    let root = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root");
    json!({
        "Description": "Sealift: encrypts the data keys of files",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "EnableKeyRotation": true,
        "KeyPolicy": key_policy(root),
    })
}

/// Returns the name of a principal's role, and what it is for.
fn role_of(principal: Principal) -> (&'static str, &'static str) {
    match principal {
        Principal::Server => ("ServerRole", "The Sealift server"),
        Principal::Signer => ("SignerRole", "Only signs the PUTs of sealed bytes"),
        Principal::Control => (
            "ControlRole",
            "The Sealift server, except for signing the PUTs of clients",
        ),
        Principal::Reader => ("ReaderRole", "Decrypts files without a server"),
    }
}

/// Returns the policy that says who may take a role on.
fn trust(principal: Principal) -> Value {
    let trusted = match principal {
        // The account's principals that have sts:AssumeRole for the role.
        Principal::Reader => {
            json!({ "AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root") })
        }
        Principal::Server | Principal::Signer | Principal::Control => {
            json!({ "Service": { "Ref": "ServerService" } })
        }
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole" }],
    })
}

fn resource(kind: &str, properties: Value) -> Value {
    json!({ "Type": kind, "Properties": properties })
}

/// Makes a resource that stays if the stack is deleted, because without it no file opens again.
fn kept(kind: &str, properties: Value) -> Value {
    json!({
        "Type": kind,
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    })
}

fn output(about: &str, value: Value) -> Value {
    json!({ "Description": about, "Value": value })
}

fn sub(text: &str) -> Value {
    json!({ "Fn::Sub": text })
}
