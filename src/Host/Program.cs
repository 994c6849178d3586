using OpenBanking.Host;

var app = Server.Build(args);
await Server.MigrateAsync(app, CancellationToken.None);
await app.RunAsync();
