// A start-up project for `dotnet ef`, which finds the contexts in the modules it references. It does nothing when run.
return 0;
