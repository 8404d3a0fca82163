// Uploads a file with Uppy's aws-s3 plugin. Where an option is not given, the plugin's default holds.

export async function uploadByUppy(uppy, AwsS3, options, file) {
  uppy.use(AwsS3, options);
  let sentBytes = 0;
  let sent;
  uppy.on('upload-progress', (_, { bytesUploaded }) => {
    sentBytes = bytesUploaded;
    if (sentBytes >= file.size) sent ??= performance.now();
  });
  const began = performance.now();
  uppy.addFile({ name: file.name, type: file.type, data: file });
  const { successful, failed } = await uppy.upload();
  const ended = performance.now();
  uppy.destroy();
  if (successful.length !== 1) throw new Error(`Uppy did not upload: ${failed[0]?.error ?? 'no reason given'}`);
  return { sentMs: (sent ?? ended) - began, doneMs: ended - began };
}
