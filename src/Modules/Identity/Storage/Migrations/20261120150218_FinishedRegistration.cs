using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Identity.Storage.Migrations
{
    /// <inheritdoc />
    public partial class FinishedRegistration : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "OrganisationName",
                schema: "identity",
                table: "clients",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string[]>(
                name: "ResponseTypes",
                schema: "identity",
                table: "clients",
                type: "text[]",
                nullable: false,
                defaultValue: new string[0]);

            migrationBuilder.CreateTable(
                name: "revocations",
                schema: "identity",
                columns: table => new
                {
                    Directory = table.Column<string>(type: "text", nullable: false),
                    Id = table.Column<string>(type: "text", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_revocations", x => new { x.Directory, x.Id });
                });

            // Who is registered keeps what was answered at the registration; who came by a file, all that its profile has.
            migrationBuilder.Sql(
                """
                UPDATE identity.clients SET "ResponseTypes" = ARRAY['code', 'code id_token'] WHERE 'authorization_code' = ANY("GrantTypes");
                UPDATE identity.clients c SET "ResponseTypes" = ARRAY(SELECT jsonb_array_elements_text(r."Metadata"->'response_types'))
                FROM identity.registered_software r
                WHERE r."ClientId" = c."ClientId" AND jsonb_typeof(r."Metadata"->'response_types') = 'array';
                UPDATE identity.clients SET "SuspendedBy" = 'directory' WHERE "SuspendedBy" = 'configuration';
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "revocations",
                schema: "identity");

            migrationBuilder.DropColumn(
                name: "OrganisationName",
                schema: "identity",
                table: "clients");

            migrationBuilder.DropColumn(
                name: "ResponseTypes",
                schema: "identity",
                table: "clients");
        }
    }
}
