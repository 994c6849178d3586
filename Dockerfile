# The bank's one deployable. Built from the checkout, run by an account without rights, with settings from the environment.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src src
RUN dotnet publish src/Host --configuration Release --output /app --nologo

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir /data && chown "$APP_UID" /data && chmod 700 /data
USER $APP_UID
ENV OPENBANKING_DATA=/data OPENBANKING_BIND=0.0.0.0
VOLUME /data
EXPOSE 5001 5002
ENTRYPOINT ["dotnet", "OpenBanking.Host.dll"]
