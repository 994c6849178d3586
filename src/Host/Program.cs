using OpenBanking.Host;

return await Entry.RunAsync(args);
